# package: tcl
# set: quick
# does: lists, dictionaries, strings, regular expressions, sorting, bignums
# needs: tclsh8.6

prepare() {
    text 300000 >prose
    cat >work.tcl <<'TCL'
set f [open [lindex $argv 0]]; set prose [read $f]; close $f
foreach w [regexp -all -inline {\w+} $prose] { dict incr n $w }
foreach w [lrange [lsort -command {apply {{a b} { global n; expr {[dict get $n $b] - [dict get $n $a]} }}} [lsort [dict keys $n]]] 0 9] { puts "$w [dict get $n $w]" }
proc tree d { if {$d == 0} { return {} }; list [tree [expr {$d - 1}]] [tree [expr {$d - 1}]] }
puts [string length [tree 12]]
for {set i 0} {$i < 30000} {incr i} { set a([expr {$i % 997}]) [string repeat [format %x $i] [expr {$i % 40}]] }
puts [string length [array get a]]
puts [expr {3 ** 3000 % 1000000007}]
puts [string length [regsub -all {([aeiou])} $prose {<\1>}]]
puts [string length [join [lmap x [split $prose \n] { string reverse $x }] +]]
TCL
}

run() {
    tclsh8.6 "$IN/work.tcl" "$IN/prose"
}
