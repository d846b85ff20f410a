//! Counter-based random numbers: each is a function of (seed, purpose, place), so that no draw depends on another,
//! on the number of threads, or on what else the process runs. libtorch's generator is never used.

pub use stepladder_kernels::mask_bits;

/// The purpose of a stream of random numbers. Purposes never share numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Initial weights, by parameter.
    Weights = 1,
    /// Order of the samples, by epoch.
    Order = 2,
    /// Augmentation, by epoch and sample.
    Augmentation = 3,
    /// Dropout masks, by epoch, sample and layer.
    Dropout = 4,
    /// Choice of images, by class and contents.
    Draw = 5,
}

/// Numbers that are addressed by position; reading one changes nothing.
///
/// The draws are SplitMix64 (Steele, Lea and Flood 2014) read at any position. Dropout, which needs many more, hashes
/// 32-bit words instead: [`mask_bits`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stream {
    key: u64,
}

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15; // 2^64 / golden ratio, odd

fn finalise(mut word: u64) -> u64 {
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

impl Stream {
    /// Returns the stream of a seed for a purpose.
    #[must_use]
    pub fn new(seed: u64, purpose: Purpose) -> Self {
        Self { key: finalise(seed.wrapping_add(GOLDEN)) }.at(purpose as u64)
    }

    /// Returns the stream of a part: an epoch, a sample, a layer. `a.at(1).at(2)` and `a.at(2).at(1)` differ.
    #[must_use]
    pub fn at(self, part: u64) -> Self {
        Self { key: finalise(self.key ^ finalise(part.wrapping_add(1).wrapping_mul(GOLDEN))) }
    }

    /// Returns 64 uniform bits.
    #[must_use]
    pub fn bits(self, position: u64) -> u64 {
        finalise(self.key.wrapping_add(position.wrapping_add(1).wrapping_mul(GOLDEN)))
    }

    /// Returns a number in `low..high`, from 53 bits; `low` where both are equal.
    #[must_use]
    pub fn uniform(self, position: u64, low: f64, high: f64) -> f64 {
        let unit = (self.bits(position) >> 11) as f64 / (1u64 << 53) as f64;
        low + (high - low) * unit
    }

    /// Returns a number above 0 and below 1, from 53 bits.
    #[must_use]
    pub fn open_unit(self, position: u64) -> f64 {
        ((self.bits(position) >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    /// Returns a number from the standard normal distribution.
    #[must_use]
    pub fn normal(self, position: u64) -> f64 {
        normal_quantile(self.open_unit(position))
    }

    /// Returns a whole number in `0..bound`, by multiply and shift (Lemire 2019); its bias is below 2^-32 for any bound here.
    #[must_use]
    pub fn below(self, position: u64, bound: u64) -> u64 {
        ((u128::from(self.bits(position)) * u128::from(bound)) >> 64) as u64
    }

    /// Returns the two halves of the key that [`mask_bits`] takes.
    #[must_use]
    pub fn mask_key(self) -> [u32; 2] {
        [self.key as u32, (self.key >> 32) as u32]
    }
}

/// Returns the number below which the standard normal distribution has a share, at most 1e-6 off (Wichura 1988, algorithm
/// AS 241, PPND7).
fn normal_quantile(share: f64) -> f64 {
    const MIDDLE: [[f64; 4]; 2] = [
        [59.109_374_720, 159.291_132_02, 50.434_271_938, 3.387_132_717_9],
        [67.187_563_600, 78.757_757_664, 17.895_169_469, 1.0],
    ];
    const SIDE: [[f64; 4]; 2] = [
        [0.170_238_211_03, 1.306_728_481_6, 2.756_815_390_0, 1.423_437_277_7],
        [0.0, 0.120_211_329_75, 0.737_001_642_50, 1.0],
    ];
    const END: [[f64; 4]; 2] = [
        [0.017_337_203_997, 0.428_682_943_37, 3.081_226_386_0, 6.657_905_115_0],
        [0.0, 0.012_258_202_635, 0.241_978_942_25, 1.0],
    ];
    let ratio = |[above, below]: [[f64; 4]; 2], x: f64| {
        let [above, below] = [above, below].map(|terms| terms.iter().fold(0.0, |sum, term| sum * x + term));
        above / below
    };
    let distance = share - 0.5;
    if distance.abs() <= 0.425 {
        return distance * ratio(MIDDLE, 0.180_625 - distance * distance);
    }
    let root = (-libm::log(share.min(1.0 - share))).sqrt();
    let size = if root <= 5.0 { ratio(SIDE, root - 1.6) } else { ratio(END, root - 5.0) };
    if distance < 0.0 { -size } else { size }
}

/// Returns the threshold below which [`mask_bits`] drop an activation: `probability` of 2^32.
#[must_use]
pub fn drop_threshold(probability: f64) -> u32 {
    (probability * f64::from(u32::MAX)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_of_two_purposes_epochs_or_seeds_share_no_numbers() {
        let streams = [
            Stream::new(1, Purpose::Weights),
            Stream::new(1, Purpose::Order),
            Stream::new(2, Purpose::Order),
            Stream::new(1, Purpose::Order).at(0),
            Stream::new(1, Purpose::Order).at(1),
            Stream::new(1, Purpose::Order).at(0).at(1),
            Stream::new(1, Purpose::Order).at(1).at(0),
        ];
        let mut all: Vec<u64> = streams.iter().flat_map(|s| (0..1000).map(|i| s.bits(i))).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), streams.len() * 1000);
    }

    #[test]
    fn uniform_numbers_have_the_mean_and_variance_of_their_range() {
        let stream = Stream::new(7, Purpose::Augmentation);
        let draws: Vec<f64> = (0..100_000).map(|i| stream.uniform(i, -3.0, 5.0)).collect();
        let mean = draws.iter().sum::<f64>() / 1e5;
        let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 1e5;
        assert!(draws.iter().all(|x| (-3.0..5.0).contains(x)));
        assert!((mean - 1.0).abs() < 0.03, "{mean}"); // 4 standard errors: 4 * (8 / sqrt 12) / sqrt 1e5
        assert!((variance - 64.0 / 12.0).abs() < 0.07, "{variance}");
    }

    #[test]
    fn normal_numbers_are_the_quantiles_that_python_computes() {
        // statistics.NormalDist().inv_cdf of Python 3.11
        let expected = [
            (1e-16, -8.222_082_216_130_435),
            (1e-9, -5.997_807_015_007_687),
            (0.001, -3.090_232_306_167_813),
            (0.07, -1.475_791_028_179_170_2),
            (0.08, -1.405_071_560_309_632),
            (0.3, -0.524_400_512_708_040_7),
            (0.5, 0.0),
            (0.9, 1.281_551_565_544_600_4),
            (0.999_999, 4.753_424_308_817_089),
        ];
        for (share, quantile) in expected {
            assert!((normal_quantile(share) - quantile).abs() < 1e-6, "{share}: {}", normal_quantile(share));
        }
    }

    #[test]
    fn normal_numbers_have_the_moments_of_their_distribution() {
        let stream = Stream::new(7, Purpose::Augmentation);
        let moment = |power| (0..100_000).map(|i| stream.normal(i).powi(power)).sum::<f64>() / 1e5;
        // Four standard errors: the variances of the powers are 1, 2, 15 and 96.
        for (power, expected, variance) in [(1, 0.0, 1.0), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0_f64)]
        {
            let found = moment(power);
            assert!((found - expected).abs() < 4.0 * (variance / 1e5).sqrt(), "{power}: {found}");
        }
    }

    #[test]
    fn masks_drop_their_share_and_neighbours_fall_independently() {
        // Four standard errors of a binomial share over a million draws.
        let threshold = drop_threshold(0.1);
        let (mut dropped, mut pairs, mut across) = (0, 0, 0);
        for sample in 0..1000u64 {
            let key = Stream::new(3, Purpose::Dropout).at(sample).mask_key();
            let next = Stream::new(3, Purpose::Dropout).at(sample + 1).mask_key();
            for position in 0..1000 {
                let here = mask_bits(key, position) < threshold;
                dropped += i32::from(here);
                pairs += i32::from(here && mask_bits(key, position + 1) < threshold);
                across += i32::from(here && mask_bits(next, position) < threshold);
            }
        }
        assert!((dropped - 100_000).abs() < 1200, "{dropped}");
        assert!((pairs - 10_000).abs() < 400, "{pairs}");
        assert!((across - 10_000).abs() < 400, "{across}");
    }
}
