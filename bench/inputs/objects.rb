# Objects, hashes, strings and blocks of code, as scripts make them.
scale = (ARGV[0] || 100).to_i
seed = 1
random = ->(limit) { (seed = seed * 48271 % 2147483647) % limit }

Entry = Struct.new(:name, :values, :text)
entries = (1..80_000 * scale / 100).map do |i|
  name = "entry number #{random[50_000]} of many, with a name of some length"
  Entry.new(name, [random[7], random[11], i], name.upcase + i.to_s)
end

groups = entries.group_by(&:name)
sums = groups.transform_values { |list| list.sum { |entry| entry.values.sum } }
best = sums.sort_by { |name, sum| [-sum, name] }.first(3)
words = entries.flat_map { |entry| entry.text.split(/[ ,]+/) }.tally
joined = entries.map { |entry| entry.text.reverse.gsub(/[AEIOU]/) { |letter| letter.downcase } }.join("\n")
pieces = joined.scan(/[a-zA-Z]{4,}/).map(&:to_sym).uniq.size
trees = (1..8 * scale / 100 + 1).sum do
  build = ->(depth) { depth.zero? ? [] : [build[depth - 1], build[depth - 1]] }
  build[12].flatten.size + 1
end
p best, words.size, joined.size, pieces, trees
