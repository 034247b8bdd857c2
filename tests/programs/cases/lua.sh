# package: lua5.4
# set: quick
# does: tables, strings, closures, coroutines, both collectors
# needs: lua5.4

prepare() {
    text 500000 >prose
    cat >work.lua <<'LUA'
local n, order = {}, {}
for line in io.lines(arg[1]) do
  for w in line:gmatch("%a+") do
    if not n[w] then order[#order + 1] = w end
    n[w] = (n[w] or 0) + 1
  end
end
table.sort(order, function(a, b) return n[a] > n[b] or n[a] == n[b] and a < b end)
for i = 1, 10 do print(order[i], n[order[i]]) end
for _, mode in ipairs { "generational", "incremental" } do
  collectgarbage(mode)
  local function tree(d) if d == 0 then return {} end return { tree(d - 1), tree(d - 1) } end
  local function size(t) if not t[1] then return 1 end return 1 + size(t[1]) + size(t[2]) end
  for d = 8, 15 do print(mode, d, size(tree(d))) end
  local parts = {}
  for i = 1, 60000 do parts[i % 500 + 1] = ("%d:%s"):format(i, order[i % #order + 1]):rep(i % 5 + 1) end
  print(#table.concat(parts))
  local sum = 0
  for i = 1, 20000 do
    local co = coroutine.wrap(function(a) local b = coroutine.yield(a + 1) return b * 2 end)
    sum = sum + co(i) + co(i)
  end
  print(sum)
end
print(select("#", table.unpack(order, 1, 2000)))
LUA
}

run() {
    lua5.4 "$IN/work.lua" "$IN/prose"
}
