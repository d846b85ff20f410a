//! A register of lanes on each instruction set: all of this crate's intrinsics.

/// A register with `WIDTH` of the 16 lanes. A fused multiply-add rounds once on each of them.
///
/// The methods must be inlined into a function that enables the instruction set, which [`kernel`](crate::isa::kernel)
/// sees to.
pub(crate) trait Vector: Copy {
    /// Lanes of a register; divides 16.
    const WIDTH: usize;
    /// Output channels that a convolution keeps in registers, along with three pixels.
    const TILE: usize;

    /// The same number in every lane.
    fn splat(value: f32) -> Self;

    /// # Safety
    ///
    /// `from` must be good for reads of `WIDTH` f32.
    unsafe fn load(from: *const f32) -> Self;

    /// # Safety
    ///
    /// `to` must be good for writes of `WIDTH` f32.
    unsafe fn store(self, to: *mut f32);

    /// `self * factor + sum`, rounded once.
    fn mul_add(self, factor: Self, sum: Self) -> Self;
}

/// Four lanes in plain Rust: NEON's width, and whatever else a compiler makes of it.
#[derive(Clone, Copy)]
pub(crate) struct Portable([f32; 4]);

impl Vector for Portable {
    const WIDTH: usize = 4;
    const TILE: usize = 4;

    #[inline(always)]
    fn splat(value: f32) -> Self {
        Self([value; 4])
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller's promise; an array of f32 has their alignment.
        Self(unsafe { from.cast::<[f32; 4]>().read() })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller's promise; an array of f32 has their alignment.
        unsafe { to.cast::<[f32; 4]>().write(self.0) }
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, sum: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i].mul_add(factor.0[i], sum.0[i])))
    }
}

#[cfg(target_arch = "x86_64")]
pub(crate) use x86::{Avx2, Avx512};

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::Vector;

    /// Eight lanes.
    #[derive(Clone, Copy)]
    pub(crate) struct Avx2(__m256);

    /// All sixteen lanes.
    #[derive(Clone, Copy)]
    pub(crate) struct Avx512(__m512);

    // SAFETY (of every block below): the instructions are there, since `kernel` calls in only where the CPU has
    // them; the memory is the caller's promise, and unaligned forms are used.

    impl Vector for Avx2 {
        const WIDTH: usize = 8;
        const TILE: usize = 4; // 4 channels x 3 pixels of 16 registers

        #[inline(always)]
        fn splat(value: f32) -> Self {
            // SAFETY: see above.
            Self(unsafe { _mm256_set1_ps(value) })
        }

        #[inline(always)]
        unsafe fn load(from: *const f32) -> Self {
            // SAFETY: see above.
            Self(unsafe { _mm256_loadu_ps(from) })
        }

        #[inline(always)]
        unsafe fn store(self, to: *mut f32) {
            // SAFETY: see above.
            unsafe { _mm256_storeu_ps(to, self.0) }
        }

        #[inline(always)]
        fn mul_add(self, factor: Self, sum: Self) -> Self {
            // SAFETY: see above.
            Self(unsafe { _mm256_fmadd_ps(self.0, factor.0, sum.0) })
        }
    }

    impl Vector for Avx512 {
        const WIDTH: usize = 16;
        const TILE: usize = 8; // 8 channels x 3 pixels of 32 registers

        #[inline(always)]
        fn splat(value: f32) -> Self {
            // SAFETY: see above.
            Self(unsafe { _mm512_set1_ps(value) })
        }

        #[inline(always)]
        unsafe fn load(from: *const f32) -> Self {
            // SAFETY: see above.
            Self(unsafe { _mm512_loadu_ps(from) })
        }

        #[inline(always)]
        unsafe fn store(self, to: *mut f32) {
            // SAFETY: see above.
            unsafe { _mm512_storeu_ps(to, self.0) }
        }

        #[inline(always)]
        fn mul_add(self, factor: Self, sum: Self) -> Self {
            // SAFETY: see above.
            Self(unsafe { _mm512_fmadd_ps(self.0, factor.0, sum.0) })
        }
    }
}
