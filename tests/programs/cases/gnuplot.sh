# package: gnuplot-nox
# set: quick
# does: fits, statistics, contours, surfaces to SVG, PNG and text
# needs: gnuplot

prepare() {
    cat >work.gp <<'GP'
set terminal svg; set output 'surface.svg'
set samples 80; set isosamples 80; set hidden3d; set contour
splot sin(x) * cos(y) * exp(-0.05 * (x * x + y * y))
set terminal dumb; set output 'text.txt'
plot [0:30] besj0(x), sin(x) / (x + 1)
set print 'results'
stats 'data' using 1:3
f(x) = a * x + b
set fit quiet logfile '/dev/null'
fit f(x) 'data' using 1:3 via a, b
print a, b
set terminal png; set output 'lines.png'
plot 'data' using 1:3 smooth bezier, '' using 1:3 with points
GP
    rows 5000 | tr , ' ' >data
}

run() {
    cp "$IN/data" .
    gnuplot "$IN/work.gp" 2>&1
}
