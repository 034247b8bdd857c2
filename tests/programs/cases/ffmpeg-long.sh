# package: ffmpeg
# set: slow
# does: 720p to H.264, H.265 and VP9 with threads, filters, transcoded again
# needs: ffmpeg

prepare() {
    :
}

run() {
    f='ffmpeg -nostdin -hide_banner -loglevel error -bitexact -y'
    $f -f lavfi -i testsrc2=size=1280x720:rate=25:duration=5 -f lavfi -i 'aevalsrc=sin(1000*t*t):d=5' \
        -c:v libx264 -preset medium -threads 2 -c:a aac -flags bitexact -fflags bitexact first.mp4
    $f -i first.mp4 -c:v libx265 -preset ultrafast -x265-params log-level=error:pools=2 -an -f framemd5 -
    $f -i first.mp4 -t 2 -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -threads 2 -row-mt 1 -c:a libopus -f md5 -
    $f -i first.mp4 -filter_complex '[0:v]split[a][b];[a]scale=640:360,hue=h=90[c];[b]scale=640:360,edgedetect[d];[c][d]hstack,format=yuv420p' -c:v mpeg2video -threads 2 -an -f framemd5 -
    $f -i first.mp4 -vf 'select=eq(n\,50)+eq(n\,100),unsharp' -vsync 0 'picture%d.png'
}
