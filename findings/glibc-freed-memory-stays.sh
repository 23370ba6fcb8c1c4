#!/usr/bin/env bash
# glibc 2.36: pieces that are larger than 128 KiB are mapped one by one and go back to the system when they
# are freed, but only until the first of them is freed: that raises the bound to its size (up to 32 MiB), and
# the bound of what may stay unused to twice as much. The next pieces of this size come from the arena of
# whichever thread asks, and freeing returns nothing: 19 MiB for each thread that ever used them, and
# `malloc_trim` does not return it either while the arenas are few. With `mallopt(M_MMAP_THRESHOLD, 131072)`,
# the value that it has anyway, the bounds stay, and nothing is kept.
# Here services/password_hasher.rs uses its memory again instead of allocating it for each hash.
# Seen (x86_64, 8 threads that each used 19 MiB once, one after the other had freed it):
#   as it is                     1 MiB resident before, 153 MiB after, 153 MiB after malloc_trim(0)
#   with the default set         1 MiB resident before,   1 MiB after
set -euo pipefail
getconf GNU_LIBC_VERSION > /dev/null 2>&1 || { echo 'this system has no glibc' >&2; exit 69; }
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cat > "$tmp/use.c" <<'C'
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { THREADS = 8, SIZE = 19 << 20 };
static pthread_barrier_t freed, looked;

static long resident(void) {
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%*s %ld", &pages) != 1) exit(70);
    fclose(file);
    return pages * sysconf(_SC_PAGESIZE) >> 20;
}

static void use_once(void) {
    char *volatile piece = malloc(SIZE);
    memset(piece, 1, SIZE);
    free(piece);
}

static void *run(void *nothing) {
    use_once();
    pthread_barrier_wait(&freed);
    pthread_barrier_wait(&looked);
    return nothing;
}

int main(int count, char **arguments) {
    (void)arguments;
    if (count > 1) mallopt(M_MMAP_THRESHOLD, 128 * 1024);
    pthread_barrier_init(&freed, NULL, THREADS + 1);
    pthread_barrier_init(&looked, NULL, THREADS + 1);
    use_once();
    printf("%ld ", resident());
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, run, NULL);
    pthread_barrier_wait(&freed);
    printf("%ld ", resident());
    malloc_trim(0);
    printf("%ld\n", resident());
    pthread_barrier_wait(&looked);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
}
C
cc -O0 -pthread -o "$tmp/use" "$tmp/use.c"
read -r before after trimmed < <(env -u MALLOC_MMAP_THRESHOLD_ -u GLIBC_TUNABLES "$tmp/use")
read -r _ fixed _ < <(env -u MALLOC_MMAP_THRESHOLD_ -u GLIBC_TUNABLES "$tmp/use" fixed)
((before < 20 && after > 100 && trimmed > 100 && fixed < 20)) ||
    { echo "the behaviour has changed: $before, $after, $trimmed MiB; fixed bound: $fixed MiB" >&2; exit 1; }
echo "8 threads that freed 19 MiB each keep $((after - before)) MiB; none with the default bound set"
