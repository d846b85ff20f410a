use std::hint::black_box;
use std::thread;
use std::time::Instant;

use crate::frame::Lanes;
use crate::isa::{Isa, kernel};
use crate::vector::{Simd, Vector, store};

/// Measures multiply-adds a second, in units of 10^9, of threads that do nothing else: an upper bound of any kernel.
#[must_use]
pub fn multiply_add_limit(isa: Isa, threads: usize) -> f64 {
    const ROUNDS: usize = 20_000_000;
    let begun = Instant::now();
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut lanes = [1.0; 16];
                chains(isa, ROUNDS, &mut lanes);
                black_box(lanes);
            });
        }
    });
    let lanes = width(isa) * CHAINS * ROUNDS * threads;
    lanes as f64 / begun.elapsed().as_secs_f64() / 1e9
}

/// Chains side by side: enough to hide the latency of a multiply-add.
const CHAINS: usize = 12;

kernel! {
    fn chains(rounds: usize, lanes: &mut Lanes) = chains_body
}

#[inline(always)]
fn chains_body<V: Vector>(simd: Simd<V>, rounds: usize, lanes: &mut Lanes) {
    let mut sums = [simd.load(lanes, 0); CHAINS];
    let (factor, term) = (simd.splat(0.999), simd.splat(0.001));
    for _ in 0..rounds {
        for sum in &mut sums {
            *sum = sum.mul_add(factor, term);
        }
    }
    store(sums.into_iter().reduce(V::add).unwrap_or(factor), lanes, 0);
}

kernel! {
    fn width() -> usize = width_body
}

#[inline(always)]
fn width_body<V: Vector>(_simd: Simd<V>) -> usize {
    V::WIDTH
}
