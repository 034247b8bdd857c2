# Hashes, arrays, strings and regular expressions, as scripts make them.
use strict;
use warnings;

my $scale = ($ARGV[0] // 100) / 100;
my $seed = 1;

sub random {
    $seed = $seed * 48271 % 2147483647;
    return $seed % $_[0];
}

my (%counts, @lines, %index);
for my $i (1 .. int(200000 * $scale)) {
    my $word = join '', map { chr(97 + random(26)) } 1 .. 2 + random(4);
    $counts{$word}++;
    push @lines, "$word $i " . $counts{$word} * 3;
    push @{$index{length $word}{substr $word, 0, 2}}, $i;
}

my $fields = 0;
for my $line (@lines) {
    $fields += length for split ' ', $line;
    $line =~ s/([aeiou])(\w)/$2$1/g;
}
my @sorted = sort @lines;

my $places = 0;
for my $by_start (values %index) {
    $places += scalar @$_ for values %$by_start;
}
my %copies = map { $_ => { name => $_, count => $counts{$_} } } keys %counts;
my $total = 0;
$total += $_->{count} * length $_->{name} for values %copies;
print "$fields $places $total $sorted[0] $sorted[-1]\n";
