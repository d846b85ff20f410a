//! Each kernel on every instruction set that this CPU has, against plain loops in f64 over any frame.
//!
//! With the address sanitizer (any reader can run it; the flag is one of the unstable ones):
//! `RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zsanitizer=address cargo test -p stepladder-kernels --target x86_64-unknown-linux-gnu`

use proptest::prelude::*;
use stepladder_kernels::{
    Activated, Activation, Bordered, Curve, Dropout, Frame, Gradient, GradientSums, Isa, LANES, Lanes, Norm,
    NormGradient, PackedWeights, Pool, Scaling, Statistics, Windows, activate, activate_and_pool,
    activation_gradient, add, average_pool, average_pool_gradient, blur, channel_products,
    channel_statistics, conv, conv_bias_gradient, conv_input_gradient, conv_weight_gradient, curve,
    curve_gradient, displace, gradient_sums, mask_bits, max_pool, max_pool_gradient, scale_channels, warp,
};

/// The end of a range of sizes: Miri, thousands of times slower, sees small ones alone.
const fn end(size: usize) -> usize {
    if cfg!(miri) && size > 4 { 4 } else { size }
}

fn frame(channels: usize, height: usize, width: usize, border: usize) -> Frame {
    Frame::new(channels, height, width, border).unwrap()
}

fn frame_of(channels: usize, height: usize, width: usize) -> Frame {
    frame(channels, height, width, 0)
}

/// Numbers from -1 to 1 that look random.
fn numbers(seed: u32, count: usize) -> Vec<f32> {
    (0..count as u32).map(|i| mask_bits([seed, 77], i) as f32 / u32::MAX as f32 * 2.0 - 1.0).collect()
}

/// A group whose pixels are numbers and whose border is zero, and each pixel by lane, channel, row and column.
fn group(seed: u32, frame: Frame) -> Vec<Lanes> {
    let values = numbers(seed, frame.channels() * frame.height() * frame.width() * LANES);
    let mut group = vec![[0.0; LANES]; frame.len()];
    let mut values = values.chunks_exact(LANES);
    for channel in 0..frame.channels() {
        for row in 0..frame.height() {
            for column in 0..frame.width() {
                group[frame.at(channel, row, column)].copy_from_slice(values.next().unwrap());
            }
        }
    }
    group
}

fn pixel(group: &[Lanes], frame: Frame, at: [usize; 3], lane: usize) -> f64 {
    f64::from(group[frame.at(at[0], at[1], at[2])][lane])
}

/// Every pixel of a frame.
fn places(frame: Frame) -> impl Iterator<Item = [usize; 3]> {
    let (channels, height, width) = (frame.channels(), frame.height(), frame.width());
    (0..channels * height * width).map(move |i| [i / (height * width), i / width % height, i % width])
}

#[track_caller]
fn near(got: f32, expected: f64, terms: usize) {
    // A sum of n products of numbers up to 1 in f32: at worst n 2^-23 off.
    let tolerance = 1e-6 + terms as f64 * 2f64.powi(-23) * 4.0;
    assert!((f64::from(got) - expected).abs() <= tolerance, "{got} {expected} {tolerance}");
}

/// A convolution and the borders of its buffers, which may be wider than it needs.
#[derive(Debug, Clone, Copy)]
struct Convolution {
    /// Channels, height and width of the input.
    input: [usize; 3],
    kernel: usize,
    padding: usize,
    out: usize,
    wider: [usize; 4],
}

fn convolutions() -> impl Strategy<Value = Convolution> {
    let sizes = (1..end(6), 1..end(9), 1..end(9));
    (sizes, 1..end(5), 0..end(7), 1..end(20), [0_usize..3, 0..3, 0..3, 0..3]).prop_filter_map(
        "no output",
        |((channels, height, width), kernel, padding, out, wider)| {
            let fits = height.min(width) + 2 * padding >= kernel;
            fits.then_some(Convolution { input: [channels, height, width], kernel, padding, out, wider })
        },
    )
}

const CURVES: [Curve; 8] = [
    Curve::Relu,
    Curve::LeakyRelu,
    Curve::Elu,
    Curve::Relu6,
    Curve::HardSwish,
    Curve::Sigmoid,
    Curve::Silu,
    Curve::Gelu,
];

/// An activation function and its slope, by the formulas in PyTorch's documentation.
fn plain_curve(curve: Curve, x: f64) -> (f64, f64) {
    let sigmoid = 1.0 / (1.0 + (-x).exp());
    let where_positive = |value: f64| if x > 0.0 { value } else { 0.0 };
    match curve {
        Curve::Relu => (where_positive(x), where_positive(1.0)),
        Curve::LeakyRelu => {
            if x > 0.0 {
                (x, 1.0)
            } else {
                (0.01 * x, 0.01)
            }
        }
        Curve::Elu => {
            if x > 0.0 {
                (x, 1.0)
            } else {
                (x.exp_m1(), x.exp())
            }
        }
        Curve::Relu6 => (x.clamp(0.0, 6.0), if x > 0.0 && x < 6.0 { 1.0 } else { 0.0 }),
        Curve::HardSwish => {
            let slope = if x <= -3.0 {
                0.0
            } else if x > 3.0 {
                1.0
            } else {
                x / 3.0 + 0.5
            };
            (x * (x + 3.0).clamp(0.0, 6.0) / 6.0, slope)
        }
        Curve::Sigmoid => (sigmoid, sigmoid * (1.0 - sigmoid)),
        Curve::Silu => (x * sigmoid, sigmoid * (1.0 + x * (1.0 - sigmoid))),
        Curve::Gelu => {
            let below = 0.5 * (1.0 + libm::erf(x * std::f64::consts::FRAC_1_SQRT_2));
            let density = (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt();
            (x * below, below + x * density)
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 1 } else { 64 }))]

    #[test]
    fn a_convolution_its_input_gradient_and_its_weight_gradient_are_the_plain_sums(
        convolution in convolutions(), seed: u32, with_bias: bool,
    ) {
        let Convolution { input: [channels, height, width], kernel, padding, out, wider } = convolution;
        let frame = frame(channels, height, width, padding + wider[0]);
        let size = |length: usize| length + 2 * padding + 1 - kernel;
        let out_frame = frame_of(out, size(height), size(width)).with_border(wider[1]).unwrap();
        let back = kernel as isize - 1 - padding as isize;
        let input = group(seed, frame);
        let area = kernel * kernel;
        let weights = numbers(seed ^ 1, out * frame.channels() * area);
        let bias = with_bias.then(|| numbers(seed ^ 2, out));
        let gradient_frame = out_frame.with_border(back.max(0) as usize + wider[2]).unwrap();
        let gradient = group(seed ^ 3, gradient_frame);
        let mut packed = PackedWeights::new(out, frame.channels(), kernel).unwrap();
        packed.pack(&weights);
        let mut transposed = PackedWeights::new(frame.channels(), out, kernel).unwrap();
        transposed.pack_transposed(&weights);
        // The place that a tap of an output reads; `None` in the padding.
        let read = |[_, row, column]: [usize; 3], i: usize, j: usize| {
            let row = (row + i).checked_sub(padding).filter(|&row| row < height)?;
            let column = (column + j).checked_sub(padding).filter(|&column| column < width)?;
            Some((row, column))
        };
        for isa in Isa::available() {
            let mut output = vec![[9.0; LANES]; out_frame.len()];
            let reads = Windows::dense(padding as isize);
            conv(isa, &input, frame, reads, &packed, bias.as_deref(), &mut output, out_frame);
            let mut weight_gradient = vec![9.0; weights.len()];
            conv_weight_gradient(
                isa, &input, frame, reads, &gradient, gradient_frame, kernel, &mut weight_gradient,
            );
            let mut bias_gradient = vec![9.0; out];
            conv_bias_gradient(isa, &gradient, gradient_frame, &mut bias_gradient);
            let in_frame = frame.with_border(wider[3]).unwrap();
            let mut input_gradient = vec![[9.0; LANES]; in_frame.len()];
            conv(isa, &gradient, gradient_frame, Windows::dense(back), &transposed, None, &mut input_gradient, in_frame);

            let mut expected_weights = vec![0.0; weights.len()];
            let mut expected_bias = vec![0.0; out];
            let mut expected_inputs = vec![[0.0; LANES]; in_frame.len()];
            for at in places(out_frame) {
                for lane in 0..LANES {
                    let mut sum = bias.as_ref().map_or(0.0, |bias| f64::from(bias[at[0]]));
                    let back = pixel(&gradient, gradient_frame, at, lane);
                    expected_bias[at[0]] += back;
                    for channel in 0..frame.channels() {
                        for tap in 0..area {
                            let Some((row, column)) = read(at, tap / kernel, tap % kernel) else { continue };
                            let index = (at[0] * frame.channels() + channel) * area + tap;
                            let value = pixel(&input, frame, [channel, row, column], lane);
                            sum += value * f64::from(weights[index]);
                            expected_weights[index] += value * back;
                            expected_inputs[in_frame.at(channel, row, column)][lane] += back * f64::from(weights[index]);
                        }
                    }
                    near(output[out_frame.at(at[0], at[1], at[2])][lane], sum, frame.channels() * area);
                }
            }
            let pixels = LANES * out_frame.height() * out_frame.width();
            for (got, expected) in weight_gradient.iter().zip(expected_weights) {
                near(*got, expected, pixels);
            }
            for (got, expected) in bias_gradient.iter().zip(expected_bias) {
                near(*got, expected, pixels);
            }
            for at @ [channel, row, column] in places(in_frame) {
                for (lane, expected) in expected_inputs[in_frame.at(channel, row, column)].iter().enumerate() {
                    near(pixel(&input_gradient, in_frame, at, lane) as f32, *expected, out * area);
                }
            }
            let border = |group: &[Lanes], frame: Frame| {
                let mut group = group.to_vec();
                for [channel, row, column] in places(frame) {
                    group[frame.at(channel, row, column)] = [9.0; LANES];
                }
                group.as_flattened().iter().all(|value| *value == 9.0)
            };
            prop_assert!(border(&output, out_frame) && border(&input_gradient, in_frame), "a border was written");
        }
    }

    #[test]
    fn a_convolution_of_any_stride_and_dilation_and_its_gradients_are_the_plain_sums(
        convolution in convolutions(), stride in 1_usize..4, dilation in 1_usize..4, seed: u32,
    ) {
        let Convolution { input: [channels, height, width], kernel, padding, out, wider } = convolution;
        let made = |side: usize| {
            let rest = (side + 2 * padding).checked_sub(dilation * (kernel - 1) + 1)?;
            Some(rest / stride + 1)
        };
        let (Some(rows), Some(columns)) = (made(height), made(width)) else { return Ok(()) };
        let frame = frame(channels, height, width, padding + wider[0]);
        let out_frame = frame_of(out, rows, columns).with_border(wider[1]).unwrap();
        let gradient_frame = out_frame.with_border(wider[2]).unwrap();
        let in_frame = frame.with_border(wider[3]).unwrap();
        let (input, gradient) = (group(seed, frame), group(seed ^ 3, gradient_frame));
        let weights = numbers(seed ^ 1, out * channels * kernel * kernel);
        let mut packed = PackedWeights::new(out, channels, kernel).unwrap();
        packed.pack(&weights);
        let mut transposed = PackedWeights::new(channels, out, kernel).unwrap();
        transposed.pack_transposed(&weights);
        let windows = Windows { stride, dilation, padding: padding as isize };
        for isa in Isa::available() {
            let mut output = vec![[9.0; LANES]; out_frame.len()];
            conv(isa, &input, frame, windows, &packed, None, &mut output, out_frame);
            let mut weight_gradient = vec![9.0; weights.len()];
            conv_weight_gradient(
                isa, &input, frame, windows, &gradient, gradient_frame, kernel, &mut weight_gradient,
            );
            let mut input_gradient = vec![[9.0; LANES]; in_frame.len()];
            conv_input_gradient(
                isa, &gradient, gradient_frame, windows, &transposed, &mut input_gradient, in_frame,
            );

            let mut expected_weights = vec![0.0; weights.len()];
            let mut expected_inputs = vec![[0.0; LANES]; in_frame.len()];
            for at in places(out_frame) {
                for lane in 0..LANES {
                    let mut sum = 0.0;
                    let back = pixel(&gradient, gradient_frame, at, lane);
                    for index in 0..channels * kernel * kernel {
                        let [channel, i, j] = [index / kernel / kernel, index / kernel % kernel, index % kernel];
                        let row = (at[1] * stride + i * dilation).wrapping_sub(padding);
                        let column = (at[2] * stride + j * dilation).wrapping_sub(padding);
                        if row >= height || column >= width {
                            continue;
                        }
                        let weight = f64::from(weights[at[0] * channels * kernel * kernel + index]);
                        let value = pixel(&input, frame, [channel, row, column], lane);
                        sum += value * weight;
                        expected_weights[at[0] * channels * kernel * kernel + index] += value * back;
                        expected_inputs[in_frame.at(channel, row, column)][lane] += back * weight;
                    }
                    near(output[out_frame.at(at[0], at[1], at[2])][lane], sum, channels * kernel * kernel);
                }
            }
            for (got, expected) in weight_gradient.iter().zip(expected_weights) {
                near(*got, expected, LANES * rows * columns);
            }
            for at @ [channel, row, column] in places(in_frame) {
                for (lane, expected) in expected_inputs[in_frame.at(channel, row, column)].iter().enumerate() {
                    near(pixel(&input_gradient, in_frame, at, lane) as f32, *expected, out * kernel * kernel);
                }
            }
        }
    }

    #[test]
    fn activation_functions_and_their_slopes_are_the_plain_ones(
        (channels, height, width) in (1_usize..3, 1..end(6), 1..end(6)),
        borders in [0_usize..3, 0..3, 0..3, 0..3], scale in 0.1_f32..20.0, seed: u32,
    ) {
        let [from, made, back, to] = borders.map(|border| frame(channels, height, width, border));
        let mut input = group(seed, from);
        input.as_flattened_mut().iter_mut().for_each(|value| *value *= scale);
        let gradient = group(seed ^ 1, back);
        for (isa, of) in Isa::available().into_iter().flat_map(|isa| CURVES.map(|of| (isa, of))) {
            let (mut output, mut slopes) = (vec![[9.0; LANES]; made.len()], vec![[9.0; LANES]; to.len()]);
            curve(isa, of, &input, from, &mut output, made);
            curve_gradient(isa, of, &input, from, &gradient, back, &mut slopes, to);
            for (at, lane) in places(from).flat_map(|at| (0..LANES).map(move |lane| (at, lane))) {
                let x = pixel(&input, from, at, lane);
                let (value, slope) = plain_curve(of, x);
                let got = pixel(&output, made, at, lane);
                prop_assert!((got - value).abs() <= 2e-7 * (1.0 + x.abs()), "{of:?}({x}): {got} {value}");
                let (got, expected) = (pixel(&slopes, to, at, lane), slope * pixel(&gradient, back, at, lane));
                prop_assert!((got - expected).abs() <= 5e-7 * (1.0 + x.abs()), "{of:?}'({x}): {got} {expected}");
            }
        }
    }

    #[test]
    fn pools_and_their_gradients_are_the_plain_ones(
        (channels, height, width, border) in (1_usize..4, 1..end(9), 1..end(9), 0_usize..2),
        (kernel, stride, padding) in (1_usize..4, 1_usize..4, 0_usize..2), seed: u32,
    ) {
        prop_assume!(height + 2 * padding >= kernel && width + 2 * padding >= kernel && padding <= kernel / 2);
        let pool = Pool { kernel, stride, padding };
        let frame = frame(channels, height, width, border);
        let made = |side: usize| (side + 2 * padding - kernel) / stride + 1;
        let out_frame = frame_of(channels, made(height), made(width));
        let mut input = group(seed, frame);
        for pixel in &mut input {
            *pixel = pixel.map(|value| (value * 3.0).round()); // with many equal values
        }
        let gradient = group(seed ^ 1, out_frame);
        let plain = frame.with_border(seed as usize % 3).unwrap();
        for isa in Isa::available() {
            let mut largest = vec![[9.0; LANES]; out_frame.len()];
            max_pool(isa, &input, frame, pool, &mut largest, out_frame);
            let mut mean = vec![[9.0; LANES]; out_frame.len()];
            average_pool(isa, &input, frame, pool, &mut mean, out_frame);
            let mut largest_back = vec![[9.0; LANES]; plain.len()];
            max_pool_gradient(isa, &input, frame, pool, &gradient, out_frame, &mut largest_back, plain);
            let mut mean_back = vec![[9.0; LANES]; plain.len()];
            average_pool_gradient(isa, pool, &gradient, out_frame, &mut mean_back, plain);

            let mut expected_largest = vec![[0.0; LANES]; plain.len()];
            let mut expected_mean = vec![[0.0; LANES]; plain.len()];
            for [channel, row, column] in places(out_frame) {
                let at = out_frame.at(channel, row, column);
                for lane in 0..LANES {
                    let window: Vec<[usize; 3]> = (0..kernel * kernel)
                        .map(|i| [row * stride + i / kernel, column * stride + i % kernel])
                        .map(|[row, column]| [channel, row.wrapping_sub(padding), column.wrapping_sub(padding)])
                        .filter(|&[_, row, column]| row < height && column < width)
                        .collect();
                    let values: Vec<f64> = window.iter().map(|&at| pixel(&input, frame, at, lane)).collect();
                    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                    let [c, y, x] = window[values.iter().position(|&value| value == most).unwrap()];
                    prop_assert_eq!(f64::from(largest[at][lane]), most);
                    let area = kernel * kernel;
                    near(mean[at][lane], values.iter().sum::<f64>() / area as f64, area);
                    expected_largest[plain.at(c, y, x)][lane] += gradient[at][lane];
                    for [c, y, x] in window {
                        expected_mean[plain.at(c, y, x)][lane] += gradient[at][lane] / area as f32;
                    }
                }
            }
            let both = [(&largest_back, &expected_largest), (&mean_back, &expected_mean)];
            for (got, expected) in both.into_iter().flat_map(|(got, expected)| {
                got.as_flattened().iter().zip(expected.as_flattened())
            }) {
                near(*got, f64::from(*expected), kernel * kernel);
            }
        }
    }

    #[test]
    fn sums_of_values_and_scaled_channels_are_the_plain_ones(
        (channels, height, width) in (1_usize..4, 1..end(7), 1..end(7)),
        borders in [0_usize..3, 0..3, 0..3], seed: u32,
    ) {
        let [first, second, made] = borders.map(|border| frame(channels, height, width, border));
        let (a, b) = (group(seed, first), group(seed ^ 1, second));
        let factor_frame = frame(channels, 1, 1, borders[0]);
        let factors = group(seed ^ 2, factor_frame);
        for isa in Isa::available() {
            let mut sum = vec![[9.0; LANES]; made.len()];
            add(isa, (&a, first), (&b, second), &mut sum, made);
            let mut scaled = vec![[9.0; LANES]; made.len()];
            scale_channels(isa, (&a, first), (&factors, factor_frame), &mut scaled, made);
            let mut products = vec![[9.0; LANES]; factor_frame.len()];
            channel_products(isa, (&a, first), (&b, second), &mut products, factor_frame);
            for lane in 0..LANES {
                let mut expected = vec![0.0; channels];
                for at in places(first) {
                    let (a, b) = (pixel(&a, first, at, lane), pixel(&b, second, at, lane));
                    let factor = pixel(&factors, factor_frame, [at[0], 0, 0], lane);
                    near(pixel(&sum, made, at, lane) as f32, a + b, 2);
                    near(pixel(&scaled, made, at, lane) as f32, a * factor, 1);
                    expected[at[0]] += a * b;
                }
                for (channel, expected) in expected.into_iter().enumerate() {
                    let got = pixel(&products, factor_frame, [channel, 0, 0], lane);
                    near(got as f32, expected, height * width);
                }
            }
        }
    }

    #[test]
    fn norm_relu_and_dropout_and_their_gradients_are_the_plain_ones(
        (channels, height, width, border) in (1_usize..4, 1..end(7), 1..end(7), 0_usize..3),
        images in 1_usize..=LANES, seed: u32, dropped: bool,
    ) {
        let frame = frame_of(channels, height, width);
        let out_frame = frame.with_border(border).unwrap();
        let values = group(seed, frame);
        let lists: Vec<Vec<f32>> = (1..8).map(|i| numbers(seed ^ i, channels)).collect();
        let [scale, shift, mean, inverse, factor, mean_gradient, mean_product] = &lists[..] else { unreachable!() };
        let keys = std::array::from_fn(|half| std::array::from_fn(|lane| mask_bits([seed, half as u32], lane as u32)));
        let dropout = Dropout { keys, threshold: u32::MAX / 3, kept: 1.5 };
        let mut gradient = group(seed ^ 9, frame);
        for pixel in &mut gradient {
            pixel[images..].fill(0.0);
        }
        for isa in Isa::available() {
            let mut statistics = vec![Statistics::default(); channels];
            channel_statistics(isa, &values, frame, images, &mut statistics);
            let mut output = vec![[0.0; LANES]; out_frame.len()];
            let norm = Some(Scaling { scale, shift });
            let activation = Activation { norm, dropout: dropped.then_some(&dropout) };
            let mut passing = vec![0; frame.len()];
            activate(isa, &values, activation, Some(&mut passing), &mut output, out_frame);
            let mut alone = vec![[0.0; LANES]; out_frame.len()];
            activate(isa, &values, activation, None, &mut alone, out_frame);
            prop_assert_eq!(&output, &alone);
            let activated = Activated {
                frame,
                passing: &passing,
                gradient: Gradient::Plain(&gradient),
                kept: if dropped { 1.5 } else { 1.0 },
                images,
            };
            let norm = Norm { values: &values, mean, inverse_deviation: inverse };
            let mut sums = vec![GradientSums::default(); channels];
            gradient_sums(isa, activated, norm, &mut sums);
            let norm_gradient = NormGradient { norm, factor, mean_gradient, mean_product };
            let mut back = vec![[0.0; LANES]; out_frame.len()];
            activation_gradient(isa, activated, Some(norm_gradient), &mut back, out_frame);

            for channel in 0..channels {
                let list = |list: &[f32]| f64::from(list[channel]);
                let here: Vec<f64> = places(frame)
                    .filter(|at| at[0] == channel)
                    .flat_map(|at| (0..images).map(move |lane| (at, lane)))
                    .map(|(at, lane)| pixel(&values, frame, at, lane))
                    .collect();
                let average = here.iter().sum::<f64>() / here.len() as f64;
                near(statistics[channel].mean, average, here.len());
                near(statistics[channel].squares, here.iter().map(|x| (x - average).powi(2)).sum(), here.len());
                let (mut gradient_sum, mut product_sum) = (0.0, 0.0);
                for at @ [_, row, column] in places(frame).filter(|at| at[0] == channel) {
                    for lane in 0..LANES {
                        let value = pixel(&values, frame, at, lane);
                        let position = ((channel * height + row) * width + column) as u32;
                        let falls = dropped && mask_bits([keys[0][lane], keys[1][lane]], position) < u32::MAX / 3;
                        let kept = if falls { 0.0 } else { f64::from(activated.kept) };
                        let after = (value * list(scale) + list(shift)).max(0.0) * kept;
                        near(output[out_frame.at(channel, row, column)][lane], after, 2);
                        let is_up = output[out_frame.at(channel, row, column)][lane] > 0.0;
                        prop_assert_eq!((passing[frame.at(channel, row, column)] >> lane) & 1 == 1, is_up);
                        let passed = if is_up { pixel(&gradient, frame, at, lane) * kept } else { 0.0 };
                        let normalised = (value - list(mean)) * list(inverse);
                        gradient_sum += passed;
                        product_sum += passed * normalised;
                        let centred = passed - list(mean_gradient) - normalised * list(mean_product);
                        let expected = if lane < images { list(factor) * centred } else { 0.0 };
                        near(back[out_frame.at(channel, row, column)][lane], expected, 8);
                    }
                }
                near(sums[channel].gradient, gradient_sum, 4 * here.len());
                near(sums[channel].product, product_sum, 8 * here.len());
            }
        }
    }

    #[test]
    fn an_activation_with_a_pool_gives_the_bits_of_one_after_the_other(
        (channels, height, width, border) in (1_usize..4, 2..end(9), 2..end(9), 0_usize..2),
        images in 1_usize..=LANES, seed: u32, scaled: bool, dropped: bool,
    ) {
        let frame = frame_of(channels, height, width);
        let pooled = Frame::new(channels, height / 2, width / 2, border).unwrap();
        let mut values = group(seed, frame);
        for pixel in &mut values {
            *pixel = pixel.map(|value| (value * 3.0).round()); // with many equal values, and zeros of both signs
        }
        let lists: Vec<Vec<f32>> = (1..7).map(|i| numbers(seed ^ i, channels)).collect();
        let norm = scaled.then_some(Scaling { scale: &lists[0], shift: &lists[1] });
        let keys = std::array::from_fn(|half| std::array::from_fn(|lane| mask_bits([seed, half as u32], lane as u32)));
        let dropout = Dropout { keys, threshold: u32::MAX / 3, kept: 1.5 };
        let activation = Activation { norm, dropout: dropped.then_some(&dropout) };
        let norm = Norm { values: &values, mean: &lists[2], inverse_deviation: &lists[3] };
        let whole = NormGradient { norm, factor: &lists[0], mean_gradient: &lists[4], mean_product: &lists[5] };
        let pool_gradient = group(seed ^ 9, pooled.inner());
        for isa in Isa::available() {
            let mut activated = vec![[0.0; LANES]; frame.len()];
            let mut is_up = vec![0; frame.len()];
            activate(isa, &values, activation, Some(&mut is_up), &mut activated, frame);
            let mut largest = vec![[0.0; LANES]; pooled.len()];
            max_pool(isa, &activated, frame, Pool::plain(2), &mut largest, pooled);
            let mut written = vec![[9.0; LANES]; frame.len()];
            max_pool_gradient(isa, &activated, frame, Pool::plain(2), &pool_gradient, pooled.inner(), &mut written, frame);

            let mut passing = vec![0; frame.len()];
            let with_and_without = [Some(&mut passing), None].map(|passing| {
                let mut made = vec![[0.0; LANES]; pooled.len()];
                activate_and_pool(isa, &values, frame, activation, passing.map(Vec::as_mut_slice), &mut made, pooled);
                made.as_flattened().iter().map(|value| value.to_bits()).collect::<Vec<_>>()
            });
            let expected: Vec<_> = largest.as_flattened().iter().map(|value| value.to_bits()).collect();
            prop_assert_eq!(&with_and_without[0], &expected);
            prop_assert_eq!(&with_and_without[1], &expected);

            let ways = [(&is_up, Gradient::Plain(&written)), (&passing, Gradient::Pooled(&pool_gradient))];
            let made = ways.map(|(passing, gradient)| {
                let reads = Activated { frame, passing, gradient, kept: 1.5, images };
                let mut sums = vec![GradientSums::default(); channels];
                gradient_sums(isa, reads, norm, &mut sums);
                let mut backs = vec![];
                for norm in [Some(whole), None] {
                    let mut back = vec![[0.0; LANES]; frame.len()];
                    activation_gradient(isa, reads, norm, &mut back, frame);
                    backs.extend(back.into_iter().flatten().map(f32::to_bits));
                }
                let sums: Vec<_> = sums.iter().map(|s| (s.gradient.to_bits(), s.product.to_bits())).collect();
                (sums, backs)
            });
            prop_assert_eq!(&made[0], &made[1]);
        }
    }

    #[test]
    fn an_image_is_displaced_as_by_a_plain_loop_to_the_same_bits_everywhere(
        size in 1..end(41), seed: u32, far in 0.0..60.0_f32, outside in proptest::option::of(-1.0..1.0_f32),
    ) {
        let image = numbers(seed, size * size);
        let shifts = [1, 2].map(|other| numbers(seed ^ other, size * size).iter().map(|x| x * far).collect::<Vec<_>>());
        let pixel = |row: i64, column: i64| {
            let inside = |place: i64| place.clamp(0, size as i64 - 1);
            let is_inside = row == inside(row) && column == inside(column);
            match outside {
                Some(value) if !is_inside => value,
                _ => image[inside(row) as usize * size + inside(column) as usize],
            }
        };
        let mut expected = vec![];
        for (i, (&right, &down)) in shifts[0].iter().zip(&shifts[1]).enumerate() {
            let (x, y) = ((i % size) as f64 + f64::from(right), (i / size) as f64 + f64::from(down));
            let (column, row) = (x.floor() as i64, y.floor() as i64);
            let (right, down) = ((x - x.floor()) as f32, (y - y.floor()) as f32);
            let top = pixel(row, column) * (1.0 - right) + pixel(row, column + 1) * right;
            let bottom = pixel(row + 1, column) * (1.0 - right) + pixel(row + 1, column + 1) * right;
            expected.push(top * (1.0 - down) + bottom * down);
        }
        let mut source = Bordered::new(size);
        for (row, from) in source.rows_mut().zip(image.chunks_exact(size)) {
            row.copy_from_slice(from);
        }
        match outside {
            Some(value) => source.surround(value),
            None => source.repeat_edges(),
        }
        for isa in Isa::available() {
            let mut target = vec![9.0; size * size];
            displace(isa, &source, [&shifts[0], &shifts[1]], &mut target);
            // A mean of two equal values may round: far outside, the plain loop's shares are not those of the border.
            for (value, expected) in target.iter().zip(&expected) {
                prop_assert!((value - expected).abs() <= 1e-6, "{value} {expected}");
            }
        }
        let made = Isa::available().into_iter().map(|isa| {
            let mut target = vec![9.0; size * size];
            displace(isa, &source, [&shifts[0], &shifts[1]], &mut target);
            target
        });
        let made: Vec<_> = made.collect();
        prop_assert!(made.iter().all(|target| target == &made[0]));
    }

    #[test]
    fn an_image_is_blurred_to_the_bits_of_a_plain_loop(size in 1..end(41), seed: u32, reach in 0..40_usize) {
        let taps = numbers(seed ^ 1, 2 * reach.min(size - 1) + 1);
        let reach = taps.len() / 2;
        let image = numbers(seed, size * size);
        let mirrored = |place: usize, offset: usize| {
            let place = (place + offset) as i64 - reach as i64;
            let last = size as i64 - 1;
            (if place < 0 { -place } else if place > last { 2 * last - place } else { place }) as usize
        };
        let mut columns = vec![0.0; size * size];
        for (i, sum) in columns.iter_mut().enumerate() {
            for (offset, tap) in taps.iter().enumerate() {
                *sum += tap * image[mirrored(i / size, offset) * size + i % size];
            }
        }
        let mut expected = vec![0.0; size * size];
        for (i, sum) in expected.iter_mut().enumerate() {
            for (offset, tap) in taps.iter().enumerate() {
                *sum += tap * columns[i / size * size + mirrored(i % size, offset)];
            }
        }
        for isa in Isa::available() {
            let mut blurred = image.clone();
            blur(isa, &taps, size, &mut blurred, &mut vec![9.0; size * size.max(3)]);
            prop_assert_eq!(&blurred, &expected);
        }
    }

    #[test]
    fn an_image_is_warped_to_the_bits_of_a_plain_loop(
        size in 1..end(41), seed: u32, inverse in proptest::array::uniform6(-2.0..2.0_f64), far in -50.0..50.0_f64,
    ) {
        let image = numbers(seed, size * size);
        let [a, b, c, d, e, f] = [inverse[0], inverse[1], inverse[2] * far, inverse[3], inverse[4], inverse[5] * far];
        let pixel = |row: i64, column: i64| {
            let inside = 0..size as i64;
            let is_inside = inside.contains(&row) && inside.contains(&column);
            if is_inside { image[row as usize * size + column as usize] } else { 0.0 }
        };
        let centre = size as f64 / 2.0 - 0.5;
        let mut expected = vec![];
        for i in 0..size * size {
            let (x, y) = ((i % size) as f64 - centre, (i / size) as f64 - centre);
            let (x, y) = (a * x + b * y + c + centre, d * x + e * y + f + centre);
            let (column, row) = (x.floor() as i64, y.floor() as i64);
            let (right, down) = ((x - x.floor()) as f32, (y - y.floor()) as f32);
            let top = pixel(row, column) * (1.0 - right) + pixel(row, column + 1) * right;
            let bottom = pixel(row + 1, column) * (1.0 - right) + pixel(row + 1, column + 1) * right;
            expected.push(top * (1.0 - down) + bottom * down);
        }
        let mut source = Bordered::new(size);
        for (row, from) in source.rows_mut().zip(image.chunks_exact(size)) {
            row.copy_from_slice(from);
        }
        for isa in Isa::available() {
            let mut target = vec![9.0; size * size];
            warp(isa, &source, &[a, b, c, d, e, f], &mut target);
            prop_assert_eq!(&target, &expected);
        }
    }
}

#[test]
fn a_warp_out_of_the_image_reads_zeros() {
    let source = Bordered::new(5);
    for bad in [f64::NAN, f64::INFINITY, 1e300] {
        for isa in Isa::available() {
            let mut target = vec![9.0; 25];
            warp(isa, &source, &[bad, 0.0, bad, 0.0, -bad, 0.0], &mut target);
            assert!(target.iter().all(|&value| value == 0.0));
        }
    }
}

#[test]
fn elu_keeps_the_digits_of_values_near_zero() {
    let frame = frame_of(1, 1, 64);
    let input: Vec<Lanes> = (0..64).map(|i| [-(0.75_f32.powi(i)); LANES]).collect(); // -1 to -1.3e-8
    for isa in Isa::available() {
        let mut output = vec![[9.0; LANES]; frame.len()];
        curve(isa, Curve::Elu, &input, frame, &mut output, frame);
        for (x, got) in input.iter().zip(output) {
            let expected = f64::from(x[0]).exp_m1();
            let off = (f64::from(got[0]) / expected - 1.0).abs();
            assert!(off < 2.5e-7, "{isa:?}: elu({}) is {}, expected {expected}", x[0], got[0]);
        }
    }
}
