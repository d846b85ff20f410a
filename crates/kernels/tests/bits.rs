//! Properties of every instruction set: the same bits over random shapes, NaN kept, nothing out of bounds.

use proptest::prelude::*;
use stepladder_kernels::{
    Activated, Activation, Curve, Dropout, Frame, Gradient, GradientSums, Isa, LANES, Lanes, Norm,
    NormGradient, PackedWeights, Planes, Pool, Scaling, Statistics, Windows, activate, activate_and_pool,
    activation_gradient, average_pool, average_pool_gradient, channel_statistics, conv, conv_bias_gradient,
    conv_input_gradient, conv_weight_gradient, curve, curve_gradient, depthwise, depthwise_input_gradient,
    depthwise_weight_gradient, drop_out, gradient_sums, mask_bits, max_pool, max_pool_gradient,
    plane_average_pool, plane_conv, plane_depthwise, plane_max_pool, scale,
};

/// The end of a range of sizes: Miri, thousands of times slower, sees small ones alone.
const fn end(size: usize) -> usize {
    if cfg!(miri) && size > 4 { 4 } else { size }
}

fn numbers(seed: u32, count: usize) -> Vec<f32> {
    (0..count as u32).map(|i| mask_bits([seed, 5], i) as f32 / u32::MAX as f32 * 2.0 - 1.0).collect()
}

fn lanes(seed: u32, frame: Frame) -> Vec<Lanes> {
    numbers(seed, frame.len() * LANES).chunks_exact(LANES).map(|lanes| lanes.try_into().unwrap()).collect()
}

fn bits(lanes: &[Lanes]) -> impl Iterator<Item = u32> + '_ {
    lanes.iter().flatten().map(|value| value.to_bits())
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

/// Returns the outputs of all kernels on one random shape, as bits.
fn outputs(isa: Isa, frame: Frame, kernel: usize, outs: usize, images: usize, seed: u32) -> Vec<u32> {
    let mut made = vec![];
    let size = |length: usize| length + 2 * frame.border() + 1 - kernel;
    let out = Frame::new(outs, size(frame.height()), size(frame.width()), 0).unwrap();
    let input = lanes(seed, frame);
    let weights = numbers(seed ^ 1, outs * frame.channels() * kernel * kernel);
    let mut packed = PackedWeights::new(outs, frame.channels(), kernel).unwrap();
    packed.pack(&weights);
    let mut values = vec![[0.0; LANES]; out.len()];
    let padding = Windows::dense(frame.border() as isize);
    conv(isa, &input, frame, padding, &packed, Some(&numbers(seed ^ 2, outs)), &mut values, out);
    made.extend(bits(&values));

    let gradient = lanes(seed ^ 3, out);
    let mut weight_gradient = vec![0.0; weights.len()];
    conv_weight_gradient(isa, &input, frame, padding, &gradient, out, kernel, &mut weight_gradient);
    let mut bias_gradient = vec![0.0; outs];
    conv_bias_gradient(isa, &gradient, out, &mut bias_gradient);
    made.extend(weight_gradient.iter().chain(&bias_gradient).map(|value| value.to_bits()));

    let (stride, dilation) = (1 + seed as usize % 3, 1 + seed as usize / 3 % 3);
    let wide = Windows { stride, dilation, padding: frame.border() as isize };
    let made_by = |side: usize| (side + 2 * frame.border()).checked_sub(dilation * (kernel - 1) + 1);
    if let (Some(height), Some(width)) = (made_by(frame.height()), made_by(frame.width())) {
        let out = Frame::new(outs, height / stride + 1, width / stride + 1, 0).unwrap();
        let mut values = vec![[0.0; LANES]; out.len()];
        conv(isa, &input, frame, wide, &packed, None, &mut values, out);
        conv_weight_gradient(isa, &input, frame, wide, &values, out, kernel, &mut weight_gradient);
        let mut transposed = PackedWeights::new(frame.channels(), outs, kernel).unwrap();
        transposed.pack_transposed(&weights);
        let mut back = vec![[0.0; LANES]; frame.len()];
        conv_input_gradient(isa, &values, out, wide, &transposed, &mut back, frame);
        made.extend(bits(&values).chain(bits(&back)));
        made.extend(weight_gradient.iter().map(|value| value.to_bits()));
    }

    let far: Vec<Lanes> = values.iter().map(|pixel| pixel.map(|value| value * 30.0)).collect();
    for of in CURVES {
        let mut values = vec![[0.0; LANES]; out.len()];
        curve(isa, of, &far, out, &mut values, out);
        made.extend(bits(&values));
        curve_gradient(isa, of, &far, out, &gradient, out, &mut values, out);
        made.extend(bits(&values));
    }

    let mut statistics = vec![Statistics::default(); outs];
    channel_statistics(isa, &values, out, images, &mut statistics);
    made.extend(statistics.iter().flat_map(|part| [part.mean.to_bits(), part.squares.to_bits()]));

    let lists: Vec<Vec<f32>> = (4..9).map(|i| numbers(seed ^ i, outs)).collect();
    let norm = Norm { values: &values, mean: &lists[0], inverse_deviation: &lists[1] };
    let scaling = Scaling { scale: &lists[2], shift: &lists[3] };
    let keys = [0, 1].map(|half| std::array::from_fn(|lane| mask_bits([seed, half], lane as u32)));
    let dropout = Dropout { keys, threshold: u32::MAX / 5, kept: 1.25 };
    let mut activated = vec![[0.0; LANES]; out.len()];
    let activation = Activation { norm: Some(scaling), dropout: Some(&dropout) };
    let mut passing = vec![0; out.len()];
    activate(isa, &values, activation, Some(&mut passing), &mut activated, out);
    made.extend(bits(&activated));
    made.extend(passing.iter().map(|&bits| u32::from(bits)));
    let gradient = Gradient::Plain(&gradient);
    let reads = Activated { frame: out, passing: &passing, gradient, kept: 1.25, images };
    let mut sums = vec![GradientSums::default(); outs];
    gradient_sums(isa, reads, norm, &mut sums);
    made.extend(sums.iter().flat_map(|part| [part.gradient.to_bits(), part.product.to_bits()]));
    let whole = NormGradient { norm, factor: &lists[2], mean_gradient: &lists[3], mean_product: &lists[4] };
    let mut back = vec![[0.0; LANES]; out.len()];
    activation_gradient(isa, reads, Some(whole), &mut back, out);
    made.extend(bits(&back));
    if let Some(halves) = Frame::new(outs, out.height() / 2, out.width() / 2, 0) {
        let mut pool = vec![[0.0; LANES]; halves.len()];
        let mut firsts = vec![0; out.len()];
        activate_and_pool(isa, &values, out, activation, Some(&mut firsts), &mut pool, halves);
        made.extend(bits(&pool));
        made.extend(firsts.iter().map(|&bits| u32::from(bits)));
        let reads = Activated { passing: &firsts, gradient: Gradient::Pooled(&pool), ..reads };
        gradient_sums(isa, reads, norm, &mut sums);
        made.extend(sums.iter().flat_map(|part| [part.gradient.to_bits(), part.product.to_bits()]));
        activation_gradient(isa, reads, Some(whole), &mut back, out);
        made.extend(bits(&back));
    }

    scale(isa, &values, scaling, &mut back, out);
    made.extend(bits(&back));
    drop_out(isa, &values, &dropout, &mut back, out);
    made.extend(bits(&back));

    let window = kernel.min(out.height()).min(out.width());
    let pooled = Frame::new(outs, out.height() / window, out.width() / window, 0).unwrap();
    let mut pool = vec![[0.0; LANES]; pooled.len()];
    max_pool(isa, &values, out, Pool::plain(window), &mut pool, pooled);
    made.extend(bits(&pool));
    max_pool_gradient(isa, &values, out, Pool::plain(window), &pool, pooled, &mut back, out);
    made.extend(bits(&back));
    average_pool(isa, &values, out, Pool::plain(window), &mut pool, pooled);
    made.extend(bits(&pool));
    average_pool_gradient(isa, Pool::plain(window), &pool, pooled, &mut back, out);
    made.extend(bits(&back));
    made
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 1 } else { 256 }))]

    #[test]
    fn every_instruction_set_gives_the_same_bits(
        (channels, height, width, kernel) in (1..end(9), 1..end(14), 1..end(14), 1..end(6)),
        border in 0..end(8), outs in 1..end(21), images in 1_usize..=LANES, seed: u32,
    ) {
        prop_assume!(height.min(width) + 2 * border >= kernel);
        let frame = Frame::new(channels, height, width, border).unwrap();
        let first = outputs(Isa::best(), frame, kernel, outs, images, seed);
        for isa in Isa::available() {
            prop_assert!(outputs(isa, frame, kernel, outs, images, seed) == first, "{}", isa.name());
        }
    }

    #[test]
    fn a_max_pool_keeps_nan_wherever_it_stands(place in 0_usize..9, lane in 0..LANES) {
        let frame = Frame::new(1, 3, 3, 0).unwrap();
        let mut input = vec![[1.0; LANES]; 9];
        input[4] = [2.0; LANES];
        input[place][lane] = f32::NAN;
        for isa in Isa::available() {
            let mut output = vec![[0.0; LANES]];
            max_pool(isa, &input, frame, Pool::plain(3), &mut output, Frame::new(1, 1, 1, 0).unwrap());
            for (i, value) in output[0].iter().enumerate() {
                prop_assert!(if i == lane { value.is_nan() } else { [1.0, 2.0].contains(value) }, "{}", isa.name());
            }
        }
    }

    #[test]
    fn an_activation_with_a_pool_keeps_nan_and_passes_it_no_gradient(place in 0_usize..4, lane in 0..LANES) {
        let (frame, pooled) = (Frame::new(1, 2, 2, 0).unwrap(), Frame::new(1, 1, 1, 0).unwrap());
        let mut input = vec![[1.0; LANES]; 4];
        input[3] = [2.0; LANES];
        input[place][lane] = f32::NAN;
        for isa in Isa::available() {
            let (mut output, mut passing) = (vec![[0.0; LANES]], vec![0; 4]);
            let activation = Activation { norm: None, dropout: None };
            activate_and_pool(isa, &input, frame, activation, Some(&mut passing), &mut output, pooled);
            for (i, value) in output[0].iter().enumerate() {
                prop_assert!(if i == lane { value.is_nan() } else { *value == 2.0 }, "{}", isa.name());
            }
            prop_assert_eq!(passing, [0, 0, 0, !(1_u16 << lane)]);
        }
    }

    #[test]
    fn an_activation_function_keeps_nan(lane in 0..LANES) {
        let frame = Frame::new(1, 1, 1, 0).unwrap();
        let mut input = vec![[-0.5; LANES]];
        input[0][lane] = f32::NAN;
        for (isa, of) in Isa::available().into_iter().flat_map(|isa| CURVES.map(|of| (isa, of))) {
            let mut output = vec![[0.0; LANES]];
            curve(isa, of, &input, frame, &mut output, frame);
            for (i, value) in output[0].iter().enumerate() {
                prop_assert!(value.is_nan() == (i == lane), "{of:?} on {}", isa.name());
            }
        }
    }

    #[test]
    fn a_frame_never_has_more_pixels_than_it_says(
        channels: usize, height: usize, width: usize, border: usize, small in any::<[u8; 4]>(),
    ) {
        let sizes = [[channels, height, width, border], small.map(usize::from)];
        for [channels, height, width, border] in sizes {
            let Some(frame) = Frame::new(channels, height, width, border) else { continue };
            let both = 2 * border as u128;
            let pixels = channels as u128 * (height as u128 + both) * (width as u128 + both);
            prop_assert_eq!(frame.len() as u128, pixels);
            prop_assert!(frame.at(channels - 1, height - 1, width - 1) < frame.len());
        }
    }
}

#[test]
fn any_number_of_output_channels_gives_the_same_bits() {
    // Output channels modulo 8 decide which half of the packed weights is last, an odd width the last tile.
    let outs: &[usize] = if cfg!(miri) { &[5, 8] } else { &[1, 2, 3, 4, 5, 6, 7, 8, 9] };
    let frame = Frame::new(1, 2, 2, 1).unwrap();
    for &outs in outs {
        for kernel in if cfg!(miri) { 2..3 } else { 1..4 } {
            let first = outputs(Isa::best(), frame, kernel, outs, LANES, 7);
            for isa in Isa::available() {
                assert!(outputs(isa, frame, kernel, outs, LANES, 7) == first, "{} to {outs}", isa.name());
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 1 } else { 128 }))]

    #[test]
    fn a_depthwise_convolution_gives_the_bits_of_one_on_each_channel(
        (channels, height, width, kernel) in (1..end(5), 1..end(16), 1..end(16), 1..end(6)),
        (stride, dilation, border) in (1_usize..4, 1_usize..3, 0..end(6)), seed: u32,
    ) {
        let made = |side: usize| Some((side + 2 * border).checked_sub(dilation * (kernel - 1) + 1)? / stride + 1);
        let (Some(rows), Some(columns)) = (made(height), made(width)) else { return Ok(()) };
        let frame = Frame::new(channels, height, width, border).unwrap();
        let mut input = vec![[0.0; LANES]; frame.len()];
        let pixels = numbers(seed, channels * height * width * LANES);
        let mut pixels = pixels.chunks_exact(LANES);
        for (channel, row) in (0..channels).flat_map(|channel| (0..height).map(move |row| (channel, row))) {
            for pixel in &mut input[frame.at(channel, row, 0)..][..width] {
                pixel.copy_from_slice(pixels.next().unwrap());
            }
        }
        let out = Frame::new(channels, rows, columns, seed as usize % 3).unwrap();
        let gradient = lanes(seed ^ 1, out);
        let (weights, bias) = (numbers(seed ^ 2, channels * kernel * kernel), numbers(seed ^ 3, channels));
        let windows = Windows { stride, dilation, padding: border as isize };
        let part = |pixels: &[Lanes], frame: Frame, channel: usize| pixels[frame.part(channel, 1).1].to_vec();
        for isa in Isa::available() {
            let mut values = vec![[0.0; LANES]; out.len()];
            depthwise(isa, (&input, frame), windows, &weights, kernel, false, Some(&bias), &mut values, out);
            let mut weight_gradient = vec![0.0; weights.len()];
            depthwise_weight_gradient(isa, (&input, frame), windows, (&gradient, out), kernel, &mut weight_gradient);
            let mut back = vec![[0.0; LANES]; frame.len()];
            depthwise_input_gradient(isa, (&gradient, out), windows, &weights, kernel, &mut back, frame);
            for channel in 0..channels {
                let (in_one, out_one) = (frame.part(channel, 1).0, out.part(channel, 1).0);
                let weights = &weights[channel * kernel * kernel..][..kernel * kernel];
                let mut packed = PackedWeights::new(1, 1, kernel).unwrap();
                packed.pack(weights);
                let (from, gradient) = (part(&input, frame, channel), part(&gradient, out, channel));
                let mut expected = vec![[0.0; LANES]; out_one.len()];
                conv(isa, &from, in_one, windows, &packed, Some(&bias[channel..]), &mut expected, out_one);
                prop_assert!(bits(&expected).eq(bits(&part(&values, out, channel))), "values on {}", isa.name());
                let mut expected = vec![0.0; weights.len()];
                conv_weight_gradient(isa, &from, in_one, windows, &gradient, out_one, kernel, &mut expected);
                prop_assert_eq!(&expected, &weight_gradient[channel * kernel * kernel..][..kernel * kernel]);
                packed.pack_transposed(weights);
                let mut expected = vec![[0.0; LANES]; in_one.len()];
                conv_input_gradient(isa, &gradient, out_one, windows, &packed, &mut expected, in_one);
                prop_assert!(bits(&expected).eq(bits(&part(&back, frame, channel))), "gradient on {}", isa.name());
                if stride == 1 && dilation == 1 && border < kernel {
                    // The gradient once more, with the border of zeros that the other way reads.
                    let beyond = kernel - 1 - border;
                    let wide = out_one.with_border(beyond).unwrap();
                    let mut padded = vec![[0.0; LANES]; wide.len()];
                    for row in 0..rows {
                        let from = &gradient[out_one.at(0, row, 0)..][..columns];
                        padded[wide.at(0, row, 0)..][..columns].copy_from_slice(from);
                    }
                    let mut again = vec![[0.0; LANES]; in_one.len()];
                    let windows = Windows::dense(beyond as isize);
                    depthwise(isa, (&padded, wide), windows, weights, kernel, true, None, &mut again, in_one);
                    let equal = |a: &Lanes, b: &Lanes| a.iter().zip(b).all(|(a, b)| a == b);
                    prop_assert!(expected.iter().zip(&again).all(|(a, b)| equal(a, b)), "reversed on {}", isa.name());
                }
            }
        }
    }
}

/// Returns the image of one lane.
fn image(lanes: &[Lanes], frame: Frame, lane: usize) -> Vec<f32> {
    places(frame).map(|[channel, row, column]| lanes[frame.at(channel, row, column)][lane]).collect()
}

/// Returns the values of planes in memory.
fn of_planes(values: &[f32], planes: Planes) -> Vec<u32> {
    places(planes.frame())
        .map(|[channel, row, column]| values[planes.at(channel, row, column)].to_bits())
        .collect()
}

fn places(frame: Frame) -> impl Iterator<Item = [usize; 3]> {
    let rows =
        (0..frame.channels()).flat_map(move |channel| (0..frame.height()).map(move |row| [channel, row]));
    rows.flat_map(move |[channel, row]| (0..frame.width()).map(move |column| [channel, row, column]))
}

/// Returns planes with an image in them, a border of zeros around it, and NaN wherever else nothing is to be read.
fn to_planes(image: &[f32], planes: Planes) -> Vec<f32> {
    let mut values = vec![f32::NAN; planes.len()];
    let (frame, border) = (planes.frame(), planes.frame().border());
    for channel in 0..frame.channels() {
        let first = channel * planes.channel_stride();
        if border > 0 {
            values[first..][..frame.channel_stride()].fill(0.0);
        }
    }
    for (value, [channel, row, column]) in image.iter().zip(places(frame)) {
        values[planes.at(channel, row, column)] = *value;
    }
    values
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 1 } else { 256 }))]

    #[test]
    fn a_single_image_gives_the_bits_of_a_lane(
        (ins, outs, height, width) in (1..end(7), 1..end(21), 1..end(30), 1..end(30)), lane in 0..LANES,
        (kernel, stride, dilation, padding) in (1..end(6), 1_usize..4, 1_usize..3, 0..end(4)), wider in 0_usize..2, seed: u32,
    ) {
        let made = |side: usize| Some((side + 2 * padding).checked_sub(dilation * (kernel - 1) + 1)? / stride + 1);
        let (Some(rows), Some(columns)) = (made(height), made(width)) else { return Ok(()) };
        let frame = Frame::new(ins, height, width, padding + wider).unwrap();
        let mut input = vec![[0.0; LANES]; frame.len()];
        let pixels = numbers(seed, ins * height * width * LANES);
        for (pixel, [channel, row, column]) in pixels.chunks_exact(LANES).zip(places(frame)) {
            input[frame.at(channel, row, column)].copy_from_slice(pixel);
        }
        let planes = Planes::new(frame);
        let values = to_planes(&image(&input, frame, lane), planes);
        let windows = Windows { stride, dilation, padding: padding as isize };
        let weights = numbers(seed ^ 1, outs * ins * kernel * kernel);
        let mut packed = PackedWeights::new(outs, ins, kernel).unwrap();
        packed.pack(&weights);
        let bias = numbers(seed ^ 2, outs);
        let bias = (seed % 2 == 0).then_some(&bias[..]);
        let out = Frame::new(outs, rows, columns, 0).unwrap();
        let each = Frame::new(ins, rows, columns, 0).unwrap();
        let pool = Pool { kernel, stride, padding: padding.min(kernel / 2) };
        let pooled = |side: usize| Some((side + 2 * pool.padding).checked_sub(kernel)? / stride + 1);
        let pooled = pooled(height).zip(pooled(width)).and_then(|(rows, columns)| Frame::new(ins, rows, columns, 0));
        for isa in Isa::available() {
            let mut expected = vec![[0.0; LANES]; out.len()];
            conv(isa, &input, frame, windows, &packed, bias, &mut expected, out);
            let to = windows.planes(planes, out);
            let scratch = |input: Frame| {
                let gathered = windows.gathered(input, kernel, out).unwrap();
                vec![f32::NAN; gathered.map_or(0, |planes| planes.len())]
            };
            let mut made = vec![f32::NAN; to.len()];
            plane_conv(isa, (&values, planes), windows, &packed, bias, &mut scratch(frame), &mut made, to);
            let expected_bits: Vec<u32> = image(&expected, out, lane).into_iter().map(f32::to_bits).collect();
            prop_assert_eq!(of_planes(&made, to), expected_bits, "conv on {}", isa.name());

            // Its output, with what stands between its rows, is the input of the next.
            let pair = Pool::plain(2);
            if let Some(halved) = Frame::new(outs, rows / 2, columns / 2, 0) {
                let mut expected_pool = vec![[0.0; LANES]; halved.len()];
                max_pool(isa, &expected, out, pair, &mut expected_pool, halved);
                let mut pool = vec![f32::NAN; Planes::new(halved).len()];
                plane_max_pool(isa, &made, to, pair, &mut pool, Planes::new(halved));
                let expected = image(&expected_pool, halved, lane).into_iter().map(f32::to_bits).collect::<Vec<_>>();
                prop_assert_eq!(of_planes(&pool, Planes::new(halved)), expected, "pool of conv on {}", isa.name());
            }

            let kernels = numbers(seed ^ 3, ins * kernel * kernel);
            let mut expected = vec![[0.0; LANES]; each.len()];
            depthwise(isa, (&input, frame), windows, &kernels, kernel, false, None, &mut expected, each);
            let to = windows.planes(planes, each);
            let mut made = vec![f32::NAN; to.len()];
            let mut gathered = scratch(frame.part(0, 1).0);
            plane_depthwise(isa, (&values, planes), windows, &kernels, kernel, None, &mut gathered, &mut made, to);
            let expected = image(&expected, each, lane).into_iter().map(f32::to_bits).collect::<Vec<_>>();
            prop_assert_eq!(of_planes(&made, to), expected, "depthwise on {}", isa.name());

            let Some(out) = pooled else { continue };
            let to = Planes::new(out);
            let mut expected = vec![[0.0; LANES]; out.len()];
            let mut made = vec![f32::NAN; to.len()];
            max_pool(isa, &input, frame, pool, &mut expected, out);
            plane_max_pool(isa, &values, planes, pool, &mut made, to);
            let bits = image(&expected, out, lane).into_iter().map(f32::to_bits).collect::<Vec<_>>();
            prop_assert_eq!(of_planes(&made, to), bits, "max pool on {}", isa.name());
            average_pool(isa, &input, frame, pool, &mut expected, out);
            plane_average_pool(isa, &values, planes, pool, &mut made, to);
            let bits = image(&expected, out, lane).into_iter().map(f32::to_bits).collect::<Vec<_>>();
            prop_assert_eq!(of_planes(&made, to), bits, "average pool on {}", isa.name());
        }
    }
}

#[test]
fn weights_that_no_memory_could_hold_are_refused() {
    assert!(PackedWeights::new(usize::MAX, 1, 1).is_none());
    assert!(PackedWeights::new(1 << 32, 1 << 32, 3).is_none());
    assert!(PackedWeights::new(1, 1, usize::MAX).is_none());
    assert!(PackedWeights::new(8, 0, 3).is_none());
    assert!(Frame::new(0, 1, 1, 0).is_none() && Frame::new(1, 1, 1, usize::MAX / 2).is_none());
}
