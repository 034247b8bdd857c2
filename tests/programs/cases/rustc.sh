# package: rustc
# set: slow
# does: compiles a generated crate with traits and generics at -O, two back-end threads, runs it
# needs: rustc cc
# note: frees blocks that operator new of one C++ library made by delete of another, which Loam would name
# options: on_mismatched_free=ignore

prepare() {
    awk 'BEGIN {
        print "use std::collections::{BTreeMap, HashMap};\nuse std::fmt::Debug;\nuse std::sync::{Arc, Mutex};\ntrait Step: Debug { fn step(&mut self, n: u64) -> u64; }"
        for (i = 0; i < 150; i++) {
            printf "#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)] struct S%d { a: u64, b: Vec<String>, c: Option<Box<S%d>> }\n", i, (i % 5 ? i - 1 : i)
            printf "impl Step for S%d { fn step(&mut self, n: u64) -> u64 { self.b.push(format!(\"{:x}-{}\", n, self.a)); self.a = self.a.wrapping_mul(%d).wrapping_add(n); let mut m = BTreeMap::new(); for s in self.b.iter().rev() { *m.entry(s.len()).or_insert(0u64) += s.bytes().map(u64::from).sum::<u64>(); } self.c = None; m.values().fold(self.a, |x, y| x ^ y.rotate_left(%d)) } }\n", i, 2 * i + 3, i % 60
        }
        print "fn main() { let shared = Arc::new(Mutex::new(HashMap::new())); let mut threads = Vec::new();\nfor t in 0..4u64 { let shared = shared.clone(); threads.push(std::thread::spawn(move || {\nlet mut all: Vec<Box<dyn Step>> = Vec::new();"
        for (i = 0; i < 150; i++)
            printf "all.push(Box::new(S%d::default()));\n", i
        print "for n in 0..300 { for s in all.iter_mut() { let r = s.step(n + t); *shared.lock().unwrap().entry((t, r % 64)).or_insert(0u64) += 1; } } })); }\nfor t in threads { t.join().unwrap(); }\nlet m = shared.lock().unwrap(); let mut v: Vec<_> = m.iter().collect(); v.sort(); println!(\"{:?}\", v); }"
    }' >work.rs
}

run() {
    rustc --edition 2021 -A warnings -O -C codegen-units=2 -o work "$IN/work.rs"
    ./work
}
