//! A register of lanes on each instruction set: all of this crate's intrinsics.

use std::marker::PhantomData;

use crate::frame::{LANES, LaneBits, Lanes, sum_lanes};
use crate::mask::mask_bits;

/// A register with `WIDTH` of the 16 lanes. Rounding is the same on every instruction set.
///
/// A value proves that the CPU has the instructions: [`splat`](Self::splat) and [`load`](Self::load), which make the
/// first one, are unsafe, so all methods of a value are safe. [`Simd`] makes values safely.
pub(crate) trait Vector: Copy {
    /// Lanes of a register; divides 16.
    const WIDTH: usize;
    /// Whether there are 32 registers for a convolution's sums rather than 16.
    const MANY: bool;

    /// Returns the same number in every lane.
    ///
    /// # Safety
    ///
    /// The CPU must have the instruction set.
    unsafe fn splat(value: f32) -> Self;

    /// Reads `WIDTH` lanes.
    ///
    /// # Safety
    ///
    /// The CPU must have the instruction set, and `from` must be valid for reads of `WIDTH` f32.
    unsafe fn load(from: *const f32) -> Self;

    /// Writes `WIDTH` lanes.
    ///
    /// # Safety
    ///
    /// `to` must be valid for writes of `WIDTH` f32.
    unsafe fn store(self, to: *mut f32);

    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;

    fn div(self, other: Self) -> Self;

    /// Returns `self * factor + sum`, rounded once.
    fn mul_add(self, factor: Self, sum: Self) -> Self;

    /// Returns 2 to the power of `self`, a whole number from -126 to 127; any number for NaN.
    fn power_of_two(self) -> Self;

    /// Returns `other` where it is larger or NaN, else `self`: NaN stays, wherever it comes in a chain.
    fn or_larger(self, other: Self) -> Self;

    /// Returns `other` where it is smaller or NaN, else `self`.
    fn or_smaller(self, other: Self) -> Self;

    /// Returns `self` where `condition` is above zero, else `other`.
    fn select(self, condition: Self, other: Self) -> Self;

    /// Returns zero where `self` is below it, else `self`: NaN stays, so that a diverged run is noticed.
    fn relu(self) -> Self;

    /// Returns `self` where `condition` is above zero, else zero.
    fn where_positive(self, condition: Self) -> Self;

    /// Returns `self` where `a` equals `b`, else zero; and the reverse.
    fn split_where_equal(self, a: Self, b: Self) -> (Self, Self);

    /// Returns the bits of the lanes that are above zero; the first lane's is the lowest.
    fn positive_bits(self) -> LaneBits;

    /// Returns the bits of the lanes that equal `other`.
    fn equal_bits(self, other: Self) -> LaneBits;

    /// Returns `self` where the lane's bit is set, else zero; bits beyond the last lane are ignored.
    fn where_set(self, bits: LaneBits) -> Self;

    /// Returns `self` where the [`mask_bits`] of the lane's key at `position` are at least `threshold`, else zero.
    ///
    /// # Safety
    ///
    /// Both keys must be valid for reads of `WIDTH` u32.
    unsafe fn where_kept(self, keys: [*const u32; 2], position: u32, threshold: u32) -> Self;

    /// Writes the [`sum_lanes`] of each pixel.
    ///
    /// # Safety
    ///
    /// The CPU must have the instruction set.
    unsafe fn sum_each(pixels: &[Lanes], sums: &mut [f32]);
}

/// Returns the first lane of each register that together hold a pixel.
#[inline(always)]
pub(crate) fn parts<V: Vector>() -> impl Iterator<Item = usize> {
    (0..LANES / V::WIDTH).map(|i| i * V::WIDTH)
}

/// The instruction set of `V`, as proof that the CPU has it.
pub(crate) struct Simd<V>(PhantomData<V>);

impl<V> Clone for Simd<V> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<V> Copy for Simd<V> {}

impl Simd<Portable> {
    /// Returns the portable instruction set, which every CPU has.
    #[inline(always)]
    pub(crate) fn portable() -> Self {
        Self(PhantomData)
    }
}

impl<V: Vector> Simd<V> {
    /// Asserts that the CPU has the instruction set.
    ///
    /// # Safety
    ///
    /// The CPU must have it.
    #[inline(always)]
    #[cfg(target_arch = "x86_64")]
    pub(crate) unsafe fn assume() -> Self {
        Self(PhantomData)
    }

    /// Returns the same number in every lane.
    #[inline(always)]
    pub(crate) fn splat(self, value: f32) -> V {
        // SAFETY: `self` proves that the CPU has the instruction set.
        unsafe { V::splat(value) }
    }

    /// Reads the lanes of a pixel from `part` on.
    #[inline(always)]
    pub(crate) fn load(self, pixel: &Lanes, part: usize) -> V {
        assert!(part + V::WIDTH <= LANES);
        // SAFETY: `self` proves that the CPU has the instruction set, and `WIDTH` lanes from `part` on are within the
        // pixel.
        unsafe { V::load(pixel.as_ptr().add(part)) }
    }
}

/// Writes the lanes of a pixel from `part` on.
#[inline(always)]
pub(crate) fn store<V: Vector>(value: V, pixel: &mut Lanes, part: usize) {
    assert!(part + V::WIDTH <= LANES);
    // SAFETY: `WIDTH` lanes from `part` on are within the pixel.
    unsafe { value.store(pixel.as_mut_ptr().add(part)) }
}

/// Writes the [`sum_lanes`] of each pixel.
#[inline(always)]
pub(crate) fn sum_each<V: Vector>(_simd: Simd<V>, pixels: &[Lanes], sums: &mut [f32]) {
    // SAFETY: a `Simd` proves that the CPU has the instruction set.
    unsafe { V::sum_each(pixels, sums) };
}

/// Four lanes in plain Rust: the width of NEON, vectorised by the compiler elsewhere.
#[derive(Clone, Copy)]
pub(crate) struct Portable([f32; 4]);

impl Portable {
    #[inline(always)]
    fn zip(self, other: Self, of: impl Fn(f32, f32) -> f32) -> Self {
        Self(std::array::from_fn(|i| of(self.0[i], other.0[i])))
    }
}

impl Vector for Portable {
    const WIDTH: usize = 4;
    const MANY: bool = cfg!(target_arch = "aarch64");

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Self([value; 4])
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller promises valid memory; an array of f32 has their alignment.
        Self(unsafe { from.cast::<[f32; 4]>().read() })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller promises valid memory; an array of f32 has their alignment.
        unsafe { to.cast::<[f32; 4]>().write(self.0) }
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }

    #[inline(always)]
    fn div(self, other: Self) -> Self {
        self.zip(other, |a, b| a / b)
    }

    #[inline(always)]
    fn power_of_two(self) -> Self {
        Self(self.0.map(|power| f32::from_bits(((power as i32 + 127) as u32) << 23)))
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, sum: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i].mul_add(factor.0[i], sum.0[i])))
    }

    #[inline(always)]
    fn or_larger(self, other: Self) -> Self {
        self.zip(other, |a, b| if b > a || b.is_nan() { b } else { a })
    }

    #[inline(always)]
    fn or_smaller(self, other: Self) -> Self {
        self.zip(other, |a, b| if b < a || b.is_nan() { b } else { a })
    }

    #[inline(always)]
    fn select(self, condition: Self, other: Self) -> Self {
        Self(std::array::from_fn(|i| if condition.0[i] > 0.0 { self.0[i] } else { other.0[i] }))
    }

    #[inline(always)]
    fn relu(self) -> Self {
        Self(self.0.map(|value| if 0.0 > value { 0.0 } else { value }))
    }

    #[inline(always)]
    fn where_positive(self, condition: Self) -> Self {
        self.zip(condition, |a, b| if b > 0.0 { a } else { 0.0 })
    }

    #[inline(always)]
    fn split_where_equal(self, a: Self, b: Self) -> (Self, Self) {
        let equal = a.zip(b, |a, b| if a == b { 1.0 } else { 0.0 });
        let pick = |wanted: f32| self.zip(equal, |value, equal| if equal == wanted { value } else { 0.0 });
        (pick(1.0), pick(0.0))
    }

    #[inline(always)]
    fn positive_bits(self) -> LaneBits {
        (0..4).fold(0, |bits, i| bits | (LaneBits::from(self.0[i] > 0.0) << i))
    }

    #[inline(always)]
    fn equal_bits(self, other: Self) -> LaneBits {
        (0..4).fold(0, |bits, i| bits | (LaneBits::from(self.0[i] == other.0[i]) << i))
    }

    #[inline(always)]
    fn where_set(self, bits: LaneBits) -> Self {
        Self(std::array::from_fn(|i| if (bits >> i) & 1 == 1 { self.0[i] } else { 0.0 }))
    }

    #[inline(always)]
    unsafe fn where_kept(self, keys: [*const u32; 2], position: u32, threshold: u32) -> Self {
        // SAFETY: the caller promises valid memory; an array of u32 has their alignment.
        let [low, high] = keys.map(|key| unsafe { key.cast::<[u32; 4]>().read() });
        let kept = |i: usize| mask_bits([low[i], high[i]], position) >= threshold;
        Self(std::array::from_fn(|i| if kept(i) { self.0[i] } else { 0.0 }))
    }

    #[inline(always)]
    unsafe fn sum_each(pixels: &[Lanes], sums: &mut [f32]) {
        for (pixel, sum) in pixels.iter().zip(sums) {
            *sum = sum_lanes(pixel);
        }
    }
}

#[cfg(target_arch = "x86_64")]
pub(crate) use x86::{Avx2, Avx512};

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::Vector;
    use crate::frame::{LaneBits, Lanes, sum_lanes};

    /// Eight lanes.
    #[derive(Clone, Copy)]
    pub(crate) struct Avx2(__m256);

    /// All sixteen lanes.
    #[derive(Clone, Copy)]
    pub(crate) struct Avx512(__m512);

    /// The body of a method, of intrinsics alone.
    macro_rules! intrinsics {
        ($($body:tt)*) => {
            // SAFETY: the CPU has the instructions, by the caller's promise or since `self` is a value; so is memory valid
            // by the caller's promise, and unaligned forms are used.
            unsafe { $($body)* }
        };
    }

    impl Vector for Avx2 {
        const WIDTH: usize = 8;
        const MANY: bool = false;

        #[inline(always)]
        unsafe fn splat(value: f32) -> Self {
            intrinsics!(Self(_mm256_set1_ps(value)))
        }

        #[inline(always)]
        unsafe fn load(from: *const f32) -> Self {
            intrinsics!(Self(_mm256_loadu_ps(from)))
        }

        #[inline(always)]
        unsafe fn store(self, to: *mut f32) {
            intrinsics!(_mm256_storeu_ps(to, self.0))
        }

        #[inline(always)]
        fn add(self, other: Self) -> Self {
            intrinsics!(Self(_mm256_add_ps(self.0, other.0)))
        }

        #[inline(always)]
        fn sub(self, other: Self) -> Self {
            intrinsics!(Self(_mm256_sub_ps(self.0, other.0)))
        }

        #[inline(always)]
        fn mul(self, other: Self) -> Self {
            intrinsics!(Self(_mm256_mul_ps(self.0, other.0)))
        }

        #[inline(always)]
        fn div(self, other: Self) -> Self {
            intrinsics!(Self(_mm256_div_ps(self.0, other.0)))
        }

        #[inline(always)]
        fn power_of_two(self) -> Self {
            intrinsics!({
                let exponent = _mm256_add_epi32(_mm256_cvtps_epi32(self.0), _mm256_set1_epi32(127));
                Self(_mm256_castsi256_ps(_mm256_slli_epi32::<23>(exponent)))
            })
        }

        #[inline(always)]
        fn or_smaller(self, other: Self) -> Self {
            intrinsics!({
                let smaller = _mm256_min_ps(other.0, self.0); // the second operand unless the first is smaller
                let nan = _mm256_cmp_ps::<_CMP_UNORD_Q>(other.0, other.0);
                Self(_mm256_blendv_ps(smaller, other.0, nan))
            })
        }

        #[inline(always)]
        fn select(self, condition: Self, other: Self) -> Self {
            intrinsics!({
                let positive = _mm256_cmp_ps::<_CMP_GT_OQ>(condition.0, _mm256_setzero_ps());
                Self(_mm256_blendv_ps(other.0, self.0, positive))
            })
        }

        #[inline(always)]
        fn mul_add(self, factor: Self, sum: Self) -> Self {
            intrinsics!(Self(_mm256_fmadd_ps(self.0, factor.0, sum.0)))
        }

        #[inline(always)]
        fn or_larger(self, other: Self) -> Self {
            intrinsics!({
                let larger = _mm256_max_ps(other.0, self.0); // the second operand unless the first is larger
                let nan = _mm256_cmp_ps::<_CMP_UNORD_Q>(other.0, other.0);
                Self(_mm256_blendv_ps(larger, other.0, nan))
            })
        }

        #[inline(always)]
        fn relu(self) -> Self {
            intrinsics!(Self(_mm256_max_ps(_mm256_setzero_ps(), self.0)))
        }

        #[inline(always)]
        fn where_positive(self, condition: Self) -> Self {
            intrinsics!({
                let positive = _mm256_cmp_ps::<_CMP_GT_OQ>(condition.0, _mm256_setzero_ps());
                Self(_mm256_and_ps(positive, self.0))
            })
        }

        #[inline(always)]
        fn split_where_equal(self, a: Self, b: Self) -> (Self, Self) {
            intrinsics!({
                let equal = _mm256_cmp_ps::<_CMP_EQ_OQ>(a.0, b.0);
                (Self(_mm256_and_ps(equal, self.0)), Self(_mm256_andnot_ps(equal, self.0)))
            })
        }

        #[inline(always)]
        fn positive_bits(self) -> LaneBits {
            intrinsics!({
                let positive = _mm256_cmp_ps::<_CMP_GT_OQ>(self.0, _mm256_setzero_ps());
                _mm256_movemask_ps(positive) as LaneBits
            })
        }

        #[inline(always)]
        fn equal_bits(self, other: Self) -> LaneBits {
            intrinsics!(_mm256_movemask_ps(_mm256_cmp_ps::<_CMP_EQ_OQ>(self.0, other.0)) as LaneBits)
        }

        #[inline(always)]
        fn where_set(self, bits: LaneBits) -> Self {
            intrinsics!({
                let lanes = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
                let bits = _mm256_and_si256(_mm256_set1_epi32(i32::from(bits)), lanes);
                let is_set = _mm256_castsi256_ps(_mm256_cmpeq_epi32(bits, lanes));
                Self(_mm256_and_ps(is_set, self.0))
            })
        }

        #[inline(always)]
        unsafe fn where_kept(self, keys: [*const u32; 2], position: u32, threshold: u32) -> Self {
            intrinsics!({
                let [low, high] = keys.map(|key| _mm256_loadu_si256(key.cast()));
                let start = position.wrapping_mul(0x9e37_79b9) as i32;
                let word = _mm256_add_epi32(_mm256_set1_epi32(start), low);
                let word = _mm256_xor_si256(word, _mm256_srli_epi32::<16>(word));
                let word = _mm256_mullo_epi32(word, _mm256_set1_epi32(0x7feb_352d));
                let word = _mm256_xor_si256(word, high);
                let word = _mm256_xor_si256(word, _mm256_srli_epi32::<15>(word));
                let word = _mm256_mullo_epi32(word, _mm256_set1_epi32(0x846c_a68b_u32 as i32));
                let word = _mm256_xor_si256(word, _mm256_srli_epi32::<16>(word));
                // Unsigned: the word reaches the threshold where it is the larger of the two.
                let reached = _mm256_max_epu32(word, _mm256_set1_epi32(threshold as i32));
                let kept = _mm256_cmpeq_epi32(reached, word);
                Self(_mm256_and_ps(_mm256_castsi256_ps(kept), self.0))
            })
        }

        #[inline(always)]
        unsafe fn sum_each(pixels: &[Lanes], sums: &mut [f32]) {
            for (pixels, sums) in pixels.chunks(8).zip(sums.chunks_mut(8)) {
                intrinsics!({
                    // Each step halves the lanes of a pixel and the number of registers.
                    let eight: [__m256; 8] = std::array::from_fn(|i| {
                        let pixel = pixels[i.min(pixels.len() - 1)].as_ptr();
                        _mm256_add_ps(_mm256_loadu_ps(pixel), _mm256_loadu_ps(pixel.add(8)))
                    });
                    let four: [__m256; 4] = std::array::from_fn(|i| {
                        let (a, b) = (eight[i], eight[i + 4]);
                        _mm256_add_ps(
                            _mm256_permute2f128_ps::<0x20>(a, b),
                            _mm256_permute2f128_ps::<0x31>(a, b),
                        )
                    });
                    let two: [__m256; 2] = std::array::from_fn(|i| {
                        let (a, b) = (four[i], four[i + 2]);
                        _mm256_add_ps(_mm256_shuffle_ps::<0x44>(a, b), _mm256_shuffle_ps::<0xee>(a, b))
                    });
                    let [a, b] = two;
                    let one = _mm256_add_ps(_mm256_shuffle_ps::<0x88>(a, b), _mm256_shuffle_ps::<0xdd>(a, b));
                    let mut made = [0.0; 8];
                    // Pixels come out in the order 0, 2, 1, 3 of each half.
                    _mm256_storeu_ps(made.as_mut_ptr(), _mm256_permute_ps::<0xd8>(one));
                    sums.copy_from_slice(&made[..sums.len()]);
                });
            }
        }
    }

    impl Vector for Avx512 {
        const WIDTH: usize = 16;
        const MANY: bool = true;

        #[inline(always)]
        unsafe fn splat(value: f32) -> Self {
            intrinsics!(Self(_mm512_set1_ps(value)))
        }

        #[inline(always)]
        unsafe fn load(from: *const f32) -> Self {
            intrinsics!(Self(_mm512_loadu_ps(from)))
        }

        #[inline(always)]
        unsafe fn store(self, to: *mut f32) {
            intrinsics!(_mm512_storeu_ps(to, self.0))
        }

        #[inline(always)]
        fn add(self, other: Self) -> Self {
            intrinsics!(Self(_mm512_add_ps(self.0, other.0)))
        }

        #[inline(always)]
        fn sub(self, other: Self) -> Self {
            intrinsics!(Self(_mm512_sub_ps(self.0, other.0)))
        }

        #[inline(always)]
        fn mul(self, other: Self) -> Self {
            intrinsics!(Self(_mm512_mul_ps(self.0, other.0)))
        }

        #[inline(always)]
        fn div(self, other: Self) -> Self {
            intrinsics!(Self(_mm512_div_ps(self.0, other.0)))
        }

        #[inline(always)]
        fn power_of_two(self) -> Self {
            intrinsics!({
                let exponent = _mm512_add_epi32(_mm512_cvtps_epi32(self.0), _mm512_set1_epi32(127));
                Self(_mm512_castsi512_ps(_mm512_slli_epi32::<23>(exponent)))
            })
        }

        #[inline(always)]
        fn or_smaller(self, other: Self) -> Self {
            intrinsics!({
                let smaller = _mm512_min_ps(other.0, self.0); // the second operand unless the first is smaller
                let nan = _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(other.0, other.0);
                Self(_mm512_mask_mov_ps(smaller, nan, other.0))
            })
        }

        #[inline(always)]
        fn select(self, condition: Self, other: Self) -> Self {
            intrinsics!({
                let positive = _mm512_cmp_ps_mask::<_CMP_GT_OQ>(condition.0, _mm512_setzero_ps());
                Self(_mm512_mask_mov_ps(other.0, positive, self.0))
            })
        }

        #[inline(always)]
        fn mul_add(self, factor: Self, sum: Self) -> Self {
            intrinsics!(Self(_mm512_fmadd_ps(self.0, factor.0, sum.0)))
        }

        #[inline(always)]
        fn or_larger(self, other: Self) -> Self {
            intrinsics!({
                let larger = _mm512_max_ps(other.0, self.0); // the second operand unless the first is larger
                let nan = _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(other.0, other.0);
                Self(_mm512_mask_mov_ps(larger, nan, other.0))
            })
        }

        #[inline(always)]
        fn relu(self) -> Self {
            intrinsics!(Self(_mm512_max_ps(_mm512_setzero_ps(), self.0)))
        }

        #[inline(always)]
        fn where_positive(self, condition: Self) -> Self {
            intrinsics!({
                let positive = _mm512_cmp_ps_mask::<_CMP_GT_OQ>(condition.0, _mm512_setzero_ps());
                Self(_mm512_maskz_mov_ps(positive, self.0))
            })
        }

        #[inline(always)]
        fn split_where_equal(self, a: Self, b: Self) -> (Self, Self) {
            intrinsics!({
                let equal = _mm512_cmp_ps_mask::<_CMP_EQ_OQ>(a.0, b.0);
                (Self(_mm512_maskz_mov_ps(equal, self.0)), Self(_mm512_maskz_mov_ps(!equal, self.0)))
            })
        }

        #[inline(always)]
        fn positive_bits(self) -> LaneBits {
            intrinsics!(_mm512_cmp_ps_mask::<_CMP_GT_OQ>(self.0, _mm512_setzero_ps()))
        }

        #[inline(always)]
        fn equal_bits(self, other: Self) -> LaneBits {
            intrinsics!(_mm512_cmp_ps_mask::<_CMP_EQ_OQ>(self.0, other.0))
        }

        #[inline(always)]
        fn where_set(self, bits: LaneBits) -> Self {
            intrinsics!(Self(_mm512_maskz_mov_ps(bits, self.0)))
        }

        #[inline(always)]
        unsafe fn where_kept(self, keys: [*const u32; 2], position: u32, threshold: u32) -> Self {
            intrinsics!({
                let [low, high] = keys.map(|key| _mm512_loadu_si512(key.cast()));
                let start = position.wrapping_mul(0x9e37_79b9) as i32;
                let word = _mm512_add_epi32(_mm512_set1_epi32(start), low);
                let word = _mm512_xor_si512(word, _mm512_srli_epi32::<16>(word));
                let word = _mm512_mullo_epi32(word, _mm512_set1_epi32(0x7feb_352d));
                let word = _mm512_xor_si512(word, high);
                let word = _mm512_xor_si512(word, _mm512_srli_epi32::<15>(word));
                let word = _mm512_mullo_epi32(word, _mm512_set1_epi32(0x846c_a68b_u32 as i32));
                let word = _mm512_xor_si512(word, _mm512_srli_epi32::<16>(word));
                let kept = _mm512_cmpge_epu32_mask(word, _mm512_set1_epi32(threshold as i32));
                Self(_mm512_maskz_mov_ps(kept, self.0))
            })
        }

        #[inline(always)]
        unsafe fn sum_each(pixels: &[Lanes], sums: &mut [f32]) {
            for (pixels, sums) in pixels.chunks(16).zip(sums.chunks_mut(16)) {
                if pixels.len() < 6 {
                    // so few are faster one by one
                    for (pixel, sum) in pixels.iter().zip(sums) {
                        *sum = sum_lanes(pixel);
                    }
                    continue;
                }
                intrinsics!({
                    // Each step halves the lanes of a pixel and the number of registers.
                    let load = |i: usize| _mm512_loadu_ps(pixels[i.min(pixels.len() - 1)].as_ptr());
                    let eight: [__m512; 8] = std::array::from_fn(|i| {
                        let (a, b) = (load(i), load(i + 8));
                        let (low, high) =
                            (_mm512_shuffle_f32x4::<0x44>(a, b), _mm512_shuffle_f32x4::<0xee>(a, b));
                        _mm512_add_ps(low, high)
                    });
                    let four: [__m512; 4] = std::array::from_fn(|i| {
                        let (a, b) = (eight[i], eight[i + 4]);
                        let (low, high) =
                            (_mm512_shuffle_f32x4::<0x88>(a, b), _mm512_shuffle_f32x4::<0xdd>(a, b));
                        _mm512_add_ps(low, high)
                    });
                    let two: [__m512; 2] = std::array::from_fn(|i| {
                        let (a, b) = (four[i], four[i + 2]);
                        _mm512_add_ps(_mm512_shuffle_ps::<0x44>(a, b), _mm512_shuffle_ps::<0xee>(a, b))
                    });
                    let [a, b] = two;
                    let one = _mm512_add_ps(_mm512_shuffle_ps::<0x88>(a, b), _mm512_shuffle_ps::<0xdd>(a, b));
                    let order = _mm512_setr_epi32(0, 2, 1, 3, 8, 10, 9, 11, 4, 6, 5, 7, 12, 14, 13, 15);
                    let one = _mm512_permutexvar_ps(order, one);
                    let mut made = [0.0; 16];
                    _mm512_storeu_ps(made.as_mut_ptr(), one);
                    sums.copy_from_slice(&made[..sums.len()]);
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Isa;
    use crate::isa::kernel;

    kernel! {
        fn sums(pixels: &[Lanes], sums: &mut [f32]) = sum_each
    }

    #[test]
    fn lanes_of_many_pixels_are_summed_in_the_order_of_one() {
        for isa in Isa::available() {
            for count in 0..=35 {
                let lane = |pixel: usize, lane: usize| ((pixel * 37 + lane * 101) % 89) as f32 / 7.0 - 6.0;
                let pixels: Vec<Lanes> =
                    (0..count).map(|pixel| std::array::from_fn(|i| lane(pixel, i))).collect();
                let mut made = vec![0.0; count];
                sums(isa, &pixels, &mut made);
                let expected: Vec<f32> = pixels.iter().map(sum_lanes).collect();
                assert_eq!(made, expected, "{}, {count} pixels", isa.name());
            }
        }
    }
}
