-- Strings, tables and closures, as scripts make them.
local seed = 1
local function random(n)
    seed = seed * 48271 % 2147483647
    return seed % n
end

local function word()
    local letters = {}
    for i = 1, 3 + random(6) do letters[i] = string.char(97 + random(26)) end
    return table.concat(letters)
end

local counts, lines = {}, {}
for i = 1, 150000 do
    local w = word()
    counts[w] = (counts[w] or 0) + 1
    lines[i] = w .. " " .. i .. " " .. (counts[w] * 3)
end

local fields = 0
for _, line in ipairs(lines) do
    for field in line:gmatch("%S+") do fields = fields + #field end
end
table.sort(lines)

local function tree(depth)
    return depth == 0 and {} or {left = tree(depth - 1), right = tree(depth - 1)}
end
local function check(t)
    return t.left and 1 + check(t.left) + check(t.right) or 1
end
local nodes = 0
for _ = 1, 60 do nodes = nodes + check(tree(13)) end

local adders = {}
for i = 1, 300000 do adders[i] = function(x) return x + i end end
local sum = 0
for i = 1, #adders do sum = sum + adders[i](i) end

local text = table.concat(lines, "\n"):gsub("a%w", string.upper)
print(fields, nodes, sum, #text, lines[1], lines[#lines])
