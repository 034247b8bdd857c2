# package: ruby
# set: quick
# does: strings, hashes, symbols, blocks, Marshal, JSON, threads, fibres, GC.compact
# needs: ruby

prepare() {
    text 800000 >prose
    cat >work.rb <<'RB'
require 'json'; require 'digest'; require 'set'; require 'stringio'; require 'zlib'
words = File.read(ARGV[0]).scan(/\w+/)
count = words.tally
puts count.sort_by { |w, n| [-n, w] }.first(15).inspect
deep = count.map { |w, n| [w.to_sym, { n: n, chars: w.chars, up: w.upcase }] }.to_h
puts Digest::SHA256.hexdigest(JSON.generate(deep))
puts Marshal.load(Marshal.dump(deep)) == deep
GC.start; GC.compact if GC.respond_to?(:compact)
puts words.each_slice(7).map { |s| s.join('-').reverse.gsub(/[aeiou]/) { |c| c.ord.to_s } }.map(&:hash).size
threads = 4.times.map { |t| Thread.new { (1..3000).map { |i| "#{t}:#{i}" * (i % 50) }.map(&:size).sum } }
puts threads.map(&:value).inspect
fib = Fiber.new { a, b = 0, 1; loop { Fiber.yield a; a, b = b, a + b } }
puts 3000.times.map { fib.resume }.last.to_s.size
puts Zlib::Inflate.inflate(Zlib::Deflate.deflate(words.join(' '))).size
puts (1..2500).inject(:*).to_s.sum
io = IO.popen([RbConfig.ruby, '-e', 'puts Array.new(50_000) { |i| i.to_s }.join.sum']); puts io.read; io.close
RB
}

run() {
    ruby "$IN/work.rb" "$IN/prose"
}
