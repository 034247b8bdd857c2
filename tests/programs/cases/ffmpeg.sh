# package: ffmpeg
# set: quick
# does: test pictures and sound to H.264 and AAC with threads, decoded, scaled, hashed
# needs: ffmpeg ffprobe

prepare() {
    :
}

run() {
    f='ffmpeg -nostdin -hide_banner -loglevel error -bitexact -y'
    $f -f lavfi -i testsrc2=size=640x360:rate=25:duration=3 -f lavfi -i sine=frequency=440:duration=3 \
        -c:v libx264 -preset veryfast -threads 2 -c:a aac -flags bitexact -fflags bitexact movie.mp4
    $f -i movie.mp4 -vf 'scale=320:180,hflip,boxblur=2' -c:v mpeg4 -threads 2 -flags bitexact -an -fflags bitexact small.avi
    $f -i movie.mp4 -f framemd5 -
    $f -i movie.mp4 -af 'aecho=0.8:0.9:40:0.4,atempo=1.2' -f md5 -
    $f -ss 1 -i movie.mp4 -frames:v 3 -f image2 'picture%d.png'
    ffprobe -hide_banner -loglevel error -show_format -show_streams -of json movie.mp4
}
