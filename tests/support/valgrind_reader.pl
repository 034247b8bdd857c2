# Reads standard input as Debian's Test::Valgrind reads what Valgrind writes: one line for each error, its kind, the
# number of frames of its stack, and what it says.
use strict;
use warnings;
use Test::Valgrind::Parser::XML::Twig;
use Test::Valgrind::Tool::memcheck;

# The reader is older than this kind of Valgrind's.
package Report;
use parent -norequire, 'Test::Valgrind::Tool::memcheck::Report';
sub valid_kind { my ($class, $kind) = @_; return $kind eq 'FishyValue' || $class->SUPER::valid_kind($kind) }

package Session;

sub new { return bless {}, shift }
sub report_class { return 'Report' }

sub report {
    my ($self, $report) = @_;
    my $data = $report->data;
    print join("\t", $report->kind, scalar @{$data->{stack}}, $data->{what}), "\n";
    return;
}

package main;

my $session = Session->new;
my $parser  = Test::Valgrind::Parser::XML::Twig->new;
$parser->start($session);
$parser->parse($session, \*STDIN);
$parser->finish($session);
