#!/bin/sh
# What tests/package/booted runs where systemd is process 1.
set -eu

conf=/etc/invitation-service/trial.conf
url=http://127.0.0.1:8080
fail() { echo "package: $*" >&2; journalctl --no-pager -n 20 -u invitation-service >&2; exit 1; }
is() { # WHAT FOUND WANTED
    [ "$2" = "$3" ] || fail "$1: $2 and not $3"
}
state() { systemctl is-active "$1" || true; }
pid() { systemctl show --property=MainPID --value invitation-service; }
# Waits for an answer of the service.
answers() {
    n=0
    until curl -fsS -o /dev/null "$url/readyz" 2>/dev/null; do
        n=$((n + 1))
        [ "$n" -lt 150 ] || fail 'it does not answer'
        sleep 0.2
    done
}
# Waits until the unit is in a state.
becomes() {
    n=0
    until [ "$(state invitation-service)" = "$1" ]; do
        n=$((n + 1))
        [ "$n" -lt 150 ] || fail "it does not become $1"
        sleep 0.2
    done
}

echo 'package: installation'
dpkg --install /package.deb >/dev/null
answers
is 'the service' "$(systemctl is-enabled invitation-service)" enabled
is 'the courier' "$(systemctl is-enabled invitation-service-courier || true)" disabled
is 'capabilities' "$(awk '/^Cap(Eff|Bnd|Prm)/ { print $2 }' "/proc/$(pid)/status" | sort -u)" 0000000000000000
is 'seccomp' "$(awk '/^Seccomp:/ { print $2 }' "/proc/$(pid)/status")" 2

echo 'package: commands, an invitation and its letter'
invitation-service-run check-config >/dev/null
token=$(invitation-service-run token --role admin 2>/dev/null)
invited=$(curl -sS -o /dev/null -w '%{http_code}' "$url/v1/system-users/invitations" -H "Authorization: Bearer $token" \
    -H 'Content-Type: application/json' -d '{"email": "ada@example.com", "roles": ["viewer"]}')
is 'the invitation' "$invited" 201
printf 'kind,email,roles\nsystem_user,eve@example.com,viewer\n' | invitation-service-run import - >/dev/null
n=0
until [ "$(find /var/lib/invitation-service/data/mail -name '*.eml' | wc -l)" = 2 ]; do
    n=$((n + 1))
    [ "$n" -lt 100 ] || fail 'the letters are not written'
    sleep 0.2
done
code=0
invitation-service-run nonsense >/dev/null 2>&1 || code=$?
is 'the exit code of a faulty command' "$code" 2

echo 'package: a crash, a faulty configuration, folders that are not writable'
before=$(pid)
kill -9 "$before"
answers
[ "$(pid)" != "$before" ] || fail 'it was not started again'
echo 'LISTEN_ADDR=nowhere' >"$conf"
systemctl restart invitation-service || true
becomes failed
is 'its exit code' "$(systemctl show --property=ExecMainStatus --value invitation-service)" 78
rm "$conf"
systemctl restart invitation-service
answers
# As the service sees the file system.
writes() { nsenter --target "$(pid)" --mount touch "$1/trial" 2>/dev/null && echo yes || echo no; }
mkdir -p /srv/letters
is 'whether it writes to its state' "$(writes /var/lib/invitation-service)" yes
for folder in /srv/letters /etc/invitation-service /usr/bin; do
    is "whether it writes to $folder" "$(writes "$folder")" no
done
mkdir -p /etc/systemd/system/invitation-service.service.d
printf '[Service]\nReadWritePaths=/srv/letters\n' >/etc/systemd/system/invitation-service.service.d/letters.conf
systemctl daemon-reload
systemctl restart invitation-service
answers
is 'whether it writes to what a drop-in allows' "$(writes /srv/letters)" yes
rm -r /etc/systemd/system/invitation-service.service.d
systemctl daemon-reload

echo 'package: upgrade, removal, purge'
before=$(pid)
dpkg --install /package.deb >/dev/null
answers
[ "$(pid)" != "$before" ] || fail 'the upgrade did not restart it'
is 'the courier' "$(state invitation-service-courier)" inactive
systemctl stop invitation-service
is 'how it stopped' "$(systemctl show --property=Result,ExecMainStatus --value invitation-service | tr '\n' ' ')" 'success 0 '
systemctl start invitation-service
dpkg --remove invitation-service >/dev/null
is 'the removed service' "$(state invitation-service)" inactive
[ -e /var/lib/invitation-service/data/invitations.db ] || fail 'the removal took the data'
dpkg --install /package.deb >/dev/null
answers
dpkg --purge invitation-service >/dev/null
[ -z "$(find /etc /var/lib /usr -name '*invitation-service*' ! -path '/var/lib/dpkg/*')" ] ||
    fail "purge leaves $(find /etc /var/lib /usr -name '*invitation-service*' ! -path '/var/lib/dpkg/*')"
