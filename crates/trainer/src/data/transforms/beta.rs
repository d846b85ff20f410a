use crate::random::Stream;

/// Draws from a beta distribution whose parameters are both `alpha`, as a ratio of two gamma variables. Their logarithms
/// stay finite where, for a small `alpha`, they themselves would be zero.
pub(super) fn beta(stream: Stream, alpha: f64) -> f64 {
    let [first, second] = [0, 1].map(|part| log_gamma_variable(stream.at(part), alpha));
    1.0 / (1.0 + libm::exp(second - first))
}

/// Draws the logarithm of a gamma variable (Marsaglia and Tsang 2000).
fn log_gamma_variable(stream: Stream, alpha: f64) -> f64 {
    if alpha < 1.0 {
        return log_gamma_variable(stream.at(0), alpha + 1.0) + libm::log(stream.open_unit(0)) / alpha;
    }
    let d = alpha - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    let mut position = 0;
    loop {
        let x = stream.normal(position);
        let u = stream.open_unit(position + 1);
        position += 2;
        let v = (1.0 + c * x) * (1.0 + c * x) * (1.0 + c * x);
        if v > 0.0 && libm::log(u) < 0.5 * x * x + d - d * v + d * libm::log(v) {
            return libm::log(d * v);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Purpose;

    #[test]
    fn shares_have_the_distribution_function_of_their_alpha() {
        let draws = |alpha: f64| {
            let stream = Stream::new(5, Purpose::Augmentation);
            (0..20_000).map(move |i| beta(stream.at(i), alpha))
        };
        // Four standard errors of a binomial share over 20,000 draws: 4 * 0.5 / sqrt(20,000).
        let close = |share: f64, expected: f64| (share - expected).abs() < 0.0142;
        for x in [0.02, 0.1, 0.25, 0.5, 0.75, 0.9] {
            let below = |alpha| draws(alpha).filter(|&draw| draw <= x).count() as f64 / 20_000.0;
            // The distribution functions of alpha 1/2 (the arcsine law), 1 (uniform) and 2 in closed form.
            assert!(close(below(0.5), 2.0 / std::f64::consts::PI * x.sqrt().asin()), "{x}");
            assert!(close(below(1.0), x), "{x}");
            assert!(close(below(2.0), 3.0 * x * x - 2.0 * x * x * x), "{x}");
        }
    }

    #[test]
    fn shares_are_numbers_for_any_alpha() {
        for alpha in [0.001, 0.01, 1000.0] {
            for i in 0..1000 {
                let share = beta(Stream::new(5, Purpose::Augmentation).at(i), alpha);
                assert!((0.0..=1.0).contains(&share), "{alpha}: {share}");
            }
        }
    }
}
