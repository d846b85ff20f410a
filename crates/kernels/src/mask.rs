/// Returns 32 uniform bits for a position under a key: an integer hash with two multiplications (the constants of Wellons'
/// search for low bias), which vectorises on any CPU.
#[inline(always)]
#[must_use]
pub fn mask_bits(key: [u32; 2], position: u32) -> u32 {
    let mut word = position.wrapping_mul(0x9e37_79b9).wrapping_add(key[0]);
    word = (word ^ (word >> 16)).wrapping_mul(0x7feb_352d) ^ key[1];
    word = (word ^ (word >> 15)).wrapping_mul(0x846c_a68b);
    word ^ (word >> 16)
}
