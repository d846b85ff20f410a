//! How near the convolutions come to what a core can multiply, at the shapes of the ladder's nets, on one core:
//! `cargo run --release -p stepladder-kernels --example throughput [avx512|avx2|portable]`

use std::time::Instant;

use stepladder_kernels::{
    Frame, Isa, PackedWeights, Pixels, Windows, conv, conv_weight_gradient, multiply_add_limit,
};

/// Channels in and out, kernel, height and width with what a border adds.
const SHAPES: [(usize, usize, usize, usize); 8] = [
    (1, 8, 3, 28),
    (8, 16, 3, 26),
    (16, 8, 1, 12),
    (8, 8, 3, 12),
    (8, 16, 3, 10),
    (16, 20, 3, 8),
    (128, 256, 3, 16),
    (512, 1024, 3, 5),
];

/// Multiply-adds of one measurement: about a twentieth of a second.
const WORK: f64 = 3e9;

fn main() {
    let name = std::env::args().nth(1);
    let isa = name.map_or_else(Isa::best, |name| Isa::named(&name).expect("an instruction set of this CPU"));
    let limit = (0..5).map(|_| multiply_add_limit(isa, 1)).fold(0.0, f64::max);
    println!("{}: at most {limit:.0} G multiply-adds a second", isa.name());
    for (channels, outs, kernel, size) in SHAPES {
        let (frame, made) = (Frame::new(channels, size, size, 0).expect("a small frame"), size - kernel + 1);
        let out_frame = Frame::new(outs, made, made, 0).expect("a small frame");
        let mut input = Pixels::zeros(frame.len()).expect("memory");
        input.fill([0.5; 16]);
        let weights = vec![0.25; outs * channels * kernel * kernel];
        let mut packed = PackedWeights::new(outs, channels, kernel).expect("small weights");
        packed.pack(&weights);
        let mut output = Pixels::zeros(out_frame.len()).expect("memory");
        let mut gradient = vec![0.0; weights.len()];
        let work = (16 * made * made * weights.len()) as f64;
        let windows = Windows::dense(0);
        let share = |run: &mut dyn FnMut()| {
            let rounds = (WORK / work).ceil();
            let mut seconds = f64::INFINITY;
            for _ in 0..5 {
                let begun = Instant::now();
                for _ in 0..rounds as usize {
                    run();
                }
                seconds = seconds.min(begun.elapsed().as_secs_f64()); // of a shared machine, the least disturbed
            }
            100.0 * work * rounds / seconds / (limit * 1e9)
        };
        let forward = share(&mut || conv(isa, &input, frame, windows, &packed, None, &mut output, out_frame));
        let mut out_gradient = Pixels::zeros(out_frame.len()).expect("memory");
        out_gradient.copy_from_slice(&output);
        let backward = share(&mut || {
            conv_weight_gradient(
                isa,
                &input,
                frame,
                windows,
                &out_gradient,
                out_frame,
                kernel,
                &mut gradient,
            );
        });
        let shape = format!("{channels} to {outs}, {kernel}x{kernel}, {size}x{size}");
        println!("{shape:28} convolution {forward:3.0} %, weight gradient {backward:3.0} %");
    }
}
