# package: openjdk-17-jdk-headless
# set: slow
# does: javac, then threads, streams, deflate, direct buffers, regular expressions, reflection
# needs: javac java
# note: the Java heap is mapped by the machine; served are the compiler threads, classes, zip

prepare() {
    text 500000 >prose
    {
        cat <<'JAVA'
import java.io.*; import java.nio.*; import java.nio.file.*; import java.util.*; import java.util.concurrent.*; import java.util.stream.*; import java.util.zip.*;
public class Work {
    public static void main(String[] args) throws Exception {
        String prose = Files.readString(Path.of(args[0]));
        var count = Arrays.stream(prose.split("\\W+")).parallel().collect(Collectors.groupingByConcurrent(w -> w, Collectors.counting()));
        count.entrySet().stream().sorted((a, b) -> a.getValue().equals(b.getValue()) ? a.getKey().compareTo(b.getKey()) : Long.compare(b.getValue(), a.getValue())).limit(10).forEach(System.out::println);
        var pool = Executors.newFixedThreadPool(4);
        var jobs = new ArrayList<Future<Long>>();
        for (int i = 0; i < 40; i++) { int n = i; jobs.add(pool.submit(() -> {
            var bytes = prose.substring(n * 1000).getBytes(); var out = new ByteArrayOutputStream();
            try (var gzip = new GZIPOutputStream(out)) { gzip.write(bytes); }
            var direct = ByteBuffer.allocateDirect(out.size()); direct.put(out.toByteArray()).flip();
            var crc = new CRC32(); crc.update(direct); return crc.getValue(); })); }
        long sum = 0; for (var job : jobs) sum += job.get(); pool.shutdown();
        System.out.println(sum);
        System.out.println(IntStream.range(0, 2000).mapToObj(i -> new Cls().call(i)).mapToLong(Long::longValue).sum());
    }
}
JAVA
        echo 'class Cls { long call(int i) { switch (i % 300) {'
        awk 'BEGIN { for (i = 0; i < 300; i++) printf "case %d: return new C%d().f(i);\n", i, i; print "} return 0; } }"; for (i = 0; i < 300; i++) printf "class C%d { long f(long x) { var m = new java.util.HashMap<String, Long>(); for (int i = 0; i < %d; i++) m.merge(\"k\" + i %% 7, x * i, Long::sum); return m.values().stream().mapToLong(y -> y).sum(); } }\n", i, i % 40 + 1 }'
    } >Work.java
}

run() {
    javac -proc:none -d classes "$IN/Work.java"
    java -Xmx400m -cp classes Work "$IN/prose"
}
