//! Pools of a single image, in the order in which [`max_pool`](crate::max_pool) and [`average_pool`](crate::average_pool) go
//! through a window.

use std::array::from_fn;

use crate::frame::{LANES, Lanes};
use crate::isa::kernel;
use crate::planes::{Planes, whole_windows};
use crate::pool::Pool;
use crate::vector::{Simd, Vector, store};

kernel! {
    /// Computes [`max_pool`](crate::max_pool) for a single image. What stands between the rows of `output` becomes
    /// undefined.
    pub fn plane_max_pool(input: &[f32], from: Planes, pool: Pool, output: &mut [f32], to: Planes) = max_body
}

#[inline(always)]
fn max_body<V: Vector>(
    simd: Simd<V>,
    input: &[f32],
    from: Planes,
    pool: Pool,
    output: &mut [f32],
    to: Planes,
) {
    // A chain that begins below every value ends with the bits of one that begins with the first value.
    let start = simd.splat(f32::NEG_INFINITY);
    chains(simd, (input, from), pool, start, |most, value| most.or_larger(value), |most| most, output, to);
}

kernel! {
    /// Computes [`average_pool`](crate::average_pool) for a single image. What stands between the rows of `output` becomes
    /// undefined.
    pub fn plane_average_pool(
        input: &[f32],
        from: Planes,
        pool: Pool,
        output: &mut [f32],
        to: Planes,
    ) = average_body
}

#[inline(always)]
fn average_body<V: Vector>(
    simd: Simd<V>,
    input: &[f32],
    from: Planes,
    pool: Pool,
    output: &mut [f32],
    to: Planes,
) {
    let area = simd.splat((pool.kernel * pool.kernel) as f32);
    chains(
        simd,
        (input, from),
        pool,
        simd.splat(0.0),
        |sum, value| sum.add(value),
        |sum| sum.div(area),
        output,
        to,
    );
}

/// Writes the end of a chain through each window. Lanes hold windows that begin side by side, of which the stride picks.
#[inline(always)]
fn chains<V: Vector>(
    simd: Simd<V>,
    (input, from): (&[f32], Planes),
    pool: Pool,
    start: V,
    with: impl Fn(V, V) -> V,
    end: impl Fn(V) -> V,
    output: &mut [f32],
    to: Planes,
) {
    let Pool { kernel, stride, padding } = pool;
    let (height, width) = (from.frame().height(), from.frame().width());
    assert!(from.frame().channels() == to.frame().channels());
    let whole = whole_windows(width, kernel, stride, padding, to.frame().width());
    for channel in 0..to.frame().channels() {
        for row in 0..to.frame().height() {
            let rows = pool.covered(row, height);
            let mut window = 0;
            while window < to.frame().width() {
                let columns = pool.covered(window, width);
                let mut chain = start;
                for i in rows.clone() {
                    for j in columns.clone() {
                        chain = with(chain, simd.load(register(&input[from.at(channel, i, j)..]), 0));
                    }
                }
                let mut lanes = [0.0; LANES];
                store(end(chain), &mut lanes, 0);
                let picked: Lanes = match stride {
                    1 => lanes,
                    2 => from_fn(|i| lanes[2 * i % LANES]), // a shuffle, since the stride is known
                    _ => from_fn(|i| lanes[stride * i % LANES]),
                };
                // Lanes after the windows that are done are written again, by those that follow.
                output[to.at(channel, row, window)..][..LANES].copy_from_slice(&picked);
                let most = (V::WIDTH - 1) / stride + 1;
                window += if whole.contains(&window) { most.min(whole.end - window) } else { 1 };
            }
        }
    }
}

/// Returns the first values.
#[inline(always)]
fn register(values: &[f32]) -> &Lanes {
    values.first_chunk().expect("planes that end with 15 f32 of no pixel")
}
