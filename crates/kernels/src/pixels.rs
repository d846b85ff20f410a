use std::ops::{Deref, DerefMut};

use crate::frame::Lanes;

/// Pixels that each begin at a cache line: a register of 16 lanes that lies across two takes twice as long to read.
#[derive(Debug, Default)]
pub struct Pixels(Vec<Aligned>);

#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
struct Aligned {
    lanes: Lanes,
}

impl Pixels {
    /// Allocates `count` pixels of zeros; `None` if there is no memory for them.
    #[must_use]
    pub fn zeros(count: usize) -> Option<Self> {
        let mut pixels = vec![];
        pixels.try_reserve_exact(count).ok()?;
        pixels.resize(count, Aligned { lanes: Lanes::default() });
        Some(Self(pixels))
    }
}

impl Deref for Pixels {
    type Target = [Lanes];

    fn deref(&self) -> &[Lanes] {
        let first = self.0.as_ptr().cast();
        // SAFETY: an `Aligned` is its lanes, without padding: 64 bytes, aligned to as many.
        unsafe { std::slice::from_raw_parts(first, self.0.len()) }
    }
}

impl DerefMut for Pixels {
    fn deref_mut(&mut self) -> &mut [Lanes] {
        let first = self.0.as_mut_ptr().cast();
        // SAFETY: likewise.
        unsafe { std::slice::from_raw_parts_mut(first, self.0.len()) }
    }
}
