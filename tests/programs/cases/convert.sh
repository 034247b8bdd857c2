# package: imagemagick
# set: quick
# does: gradients, blur, distortion, composition, JPEG, PNG, GIF, montage, OpenMP
# needs: convert montage identify

prepare() {
    :
}

run() {
    # Two dates are written into PNG files unless they are left out.
    plain='-define png:exclude-chunks=date,time'
    convert -size 900x700 gradient:red-blue -swirl 90 -wave 10x60 $plain first.png
    convert first.png -gaussian-blur 0x3 -rotate 13 -resize 640x480 -colorspace Lab -equalize -colorspace sRGB $plain second.png
    convert second.png -distort Perspective '0,0,20,30 600,0,580,10 600,400,590,410 0,400,5,380' -quality 85 third.jpg
    convert -size 400x300 pattern:checkerboard -edge 1 -charcoal 2 -quantize Gray -colors 16 fourth.gif
    montage first.png second.png third.jpg fourth.gif -geometry 300x200+4+4 $plain fifth.png
    convert fifth.png -morphology Dilate Octagon -fx '(u.r+u.g)/2' $plain sixth.png
    identify -format '%f %wx%h %k %#\n' first.png second.png third.jpg fourth.gif fifth.png sixth.png
}
