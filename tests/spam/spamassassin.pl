# spamassassin.pl ROOT: scores the letters whose paths it reads, with the SpamAssassin unpacked at ROOT and nothing of
# this machine's own settings. One line each: the program, the letter, and its symbols with their weights.
use strict;
use warnings;
use Mail::SpamAssassin;

my $root = $ARGV[0];
my $scanner = Mail::SpamAssassin->new({
    rules_filename      => "$root/usr/share/spamassassin",
    site_rules_filename => "$root/etc/spamassassin",
    userprefs_filename  => "/dev/null",
    local_tests_only    => 1,
    dont_copy_prefs     => 1,
});
while (my $path = <STDIN>) {
    chomp $path;
    open(my $file, '<:raw', $path) or die "$path: $!";
    my $letter = do { local $/; <$file> };
    close $file;
    my $mail = $scanner->parse($letter);
    my $status = $scanner->check($mail);
    my $weights = $status->get_tag('TESTSSCORES', ' ');
    print join("\t", 'SpamAssassin', $path, $weights), "\n";
    $status->finish;
    $mail->finish;
}
