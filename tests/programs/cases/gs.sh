# package: ghostscript
# set: quick
# does: PostScript with fonts, gradients and loops to PNG, then to PDF and that to text
# needs: gs

prepare() {
    cat >work.ps <<'PS'
%!PS
/Times-Roman findfont 14 scalefont setfont
1 1 6 { /page exch def
  0 3 500 { /y exch def y 500 div page 6 div 0.4 sethsbcolor 40 y moveto 540 y 50 add lineto 0.5 setlinewidth stroke } for
  0 0 0 setrgbcolor
  1 1 40 { /i exch def 60 780 i 16 mul sub moveto (Line ) show i 20 string cvs show ( of page ) show page 20 string cvs show } for
  gsave 300 400 translate 0 10 350 { rotate 0 0 moveto 80 0 100 60 150 90 curveto closepath gsave 0.9 setgray fill grestore stroke } for grestore
  << /ShadingType 2 /ColorSpace /DeviceRGB /Coords [0 0 600 0] /Function << /FunctionType 2 /Domain [0 1] /C0 [1 0 0] /C1 [0 0 1] /N 1 >> >> 
  gsave newpath 350 50 200 100 rectclip shfill grestore
  showpage } for
PS
}

run() {
    gs -q -dSAFER -dBATCH -dNOPAUSE -sDEVICE=png16m -r100 -dTextAlphaBits=4 -dGraphicsAlphaBits=4 -o page%d.png "$IN/work.ps"
    # A PDF holds its time of making and a random identifier, so it isn't compared but rendered.
    gs -q -dSAFER -dBATCH -dNOPAUSE -sDEVICE=pdfwrite -o tmp/work.pdf "$IN/work.ps"
    gs -q -dSAFER -dBATCH -dNOPAUSE -sDEVICE=txtwrite -o - tmp/work.pdf
    gs -q -dSAFER -dBATCH -dNOPAUSE -dNumRenderingThreads=2 -dBandHeight=100 -sDEVICE=ppmraw -r60 -o again%d.ppm tmp/work.pdf
}
