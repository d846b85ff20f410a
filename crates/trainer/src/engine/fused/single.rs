//! The evaluation of images one by one. Lanes hold neighbouring pixels of one image instead of 16 images, so that a single
//! image does not cost as much as 16. Stages and the lives of buffers are the program's, and so are all bits.

use std::mem::take;

use stepladder_kernels::{Isa, LANES, Pixels, Planes};

use super::lower::Program;
use super::ops::{ImageReads, Pass, PlanesMut, PlanesView, copy_planes};
use crate::TrainError;
use crate::alloc::{pixels, zeros};
use crate::data::{Augmentation, Batch, Preparing};
use crate::net::ValueId;

/// Registers of 16 multiply-adds that a CPU computes in about a tenth of a millisecond: with AVX-512 at half rate (EPYC, 4th
/// generation) 2,900 a microsecond in MNIST's final net, 3,700 in a net of 32 to 128 channels. Handing a prediction to a thread
/// and back took 20 to 50 microseconds there.
const QUICK: u128 = 1 << 18;

/// The values of a single image.
pub(super) struct Single {
    layout: Layout,
    /// Of the images in its batches.
    augmentation: Option<Augmentation>,
    /// `None` until the first image.
    memory: Option<Memory>,
}

/// Where the values of a single image are in memory.
pub(super) struct Layout {
    /// Of each value, by its index: as it is read, with the border that its readers need; `None` where no stage makes it.
    values: Vec<Option<Planes>>,
    /// Of each stage's output as it is written, without a border.
    written: Vec<Planes>,
    /// The length of each of the program's buffers, in pixels of 16 lanes.
    buffers: Vec<usize>,
    /// The length of the longest output that is copied into a border, in pixels of 16 lanes.
    unbordered: usize,
    /// The f32 of [`Operation::scratch`](super::ops::Operation::scratch).
    scratch: usize,
    /// The f32 of an image.
    image: usize,
    /// Registers of 16 lanes that all stages compute, for a single image and for 16 together.
    work: [u128; 2],
}

struct Memory {
    buffers: Vec<Pixels>,
    unbordered: Pixels,
    scratch: Vec<f32>,
    /// An image as it is prepared.
    image: Vec<f32>,
    preparing: Preparing,
}

impl Layout {
    /// Lays out the values of a program.
    ///
    /// # Errors
    ///
    /// [`TrainError::Memory`] if no memory could hold one of them.
    pub fn of(program: &Program) -> Result<Self, TrainError> {
        let images = program.place(ValueId::IMAGES);
        let mut layout = Self {
            values: vec![],
            written: vec![],
            buffers: vec![0; program.buffers.len()],
            unbordered: 0,
            scratch: 0,
            image: images.frame.inner().len(),
            work: [0; 2],
        };
        layout.set(program, ValueId::IMAGES, Planes::new(images.frame));
        for stage in &program.stages {
            let (op, input) = (stage.kind.op(), layout.value(stage.inputs[0]));
            let frame = program.place(stage.output).frame;
            let written = op.planes(input, frame.inner());
            let is_bordered = frame.border() > 0;
            if is_bordered {
                layout.unbordered = layout.unbordered.max(written.len() / LANES);
            }
            layout.set(program, stage.output, if is_bordered { Planes::new(frame) } else { written });
            layout.scratch = layout.scratch.max(op.scratch(input.frame(), frame.inner())?);
            let registers = [written.len() / LANES, frame.inner().len()];
            for (work, registers) in layout.work.iter_mut().zip(registers) {
                *work += op.multiply_adds() as u128 * registers as u128;
            }
            layout.written.push(written);
        }
        Ok(layout)
    }

    fn set(&mut self, program: &Program, value: ValueId, planes: Planes) {
        if self.values.len() <= value.index() {
            self.values.resize(value.index() + 1, None);
        }
        self.values[value.index()] = Some(planes);
        let length = &mut self.buffers[program.place(value).buffer];
        *length = (*length).max(planes.len() / LANES);
    }

    /// Returns the planes of a value as it is read.
    pub fn value(&self, value: ValueId) -> Planes {
        self.values[value.index()].expect("a value that a stage has made")
    }

    /// Returns the f32 that it takes.
    pub fn size(&self) -> u128 {
        let pixels = self.buffers.iter().chain([&self.unbordered]).map(|&length| length as u128);
        LANES as u128 * pixels.sum::<u128>() + (self.scratch + self.image) as u128
    }

    /// Whether so many images one by one take less time than 16 together. In most nets a register takes as long in both ways
    /// (MNIST's final net: 30 us an image, 336 us for 16; a net of 32 to 128 channels: 645 and 8,870), but 1.2 to 1.3 times
    /// as long where weights exceed the cache (`basic-setup`: 7.4 ms an image, 46.4 ms for 16, estimated as for 8).
    fn pays(&self, images: usize) -> bool {
        let [single, group] = self.work;
        images == 1 || ((2..LANES).contains(&images) && 6 * images as u128 * single < 5 * group)
    }
}

impl Memory {
    fn new(
        program: &Program,
        layout: &Layout,
        isa: Isa,
        augmentation: Option<&Augmentation>,
    ) -> Result<Self, TrainError> {
        let frame = program.place(ValueId::IMAGES).frame;
        Ok(Self {
            buffers: layout.buffers.iter().map(|&length| pixels(length)).collect::<Result<_, _>>()?,
            unbordered: pixels(layout.unbordered)?,
            scratch: zeros(layout.scratch)?,
            image: zeros(layout.image)?,
            preparing: Preparing::new(isa, [frame.channels(), frame.height()], augmentation)?,
        })
    }
}

impl Single {
    /// Lays out the values of a program, and allocates none of them.
    ///
    /// # Errors
    ///
    /// Those of [`Layout::of`].
    pub fn new(program: &Program, augmentation: Option<Augmentation>) -> Result<Self, TrainError> {
        Ok(Self { layout: Layout::of(program)?, augmentation, memory: None })
    }

    /// Whether so many images take less time one by one than in lanes.
    pub fn pays(&self, images: usize) -> bool {
        self.layout.pays(images)
    }

    /// Whether so many images take at most about a tenth of a millisecond.
    pub fn is_quick(&self, images: usize) -> bool {
        self.pays(images) && images as u128 * self.layout.work[0] <= QUICK
    }

    /// Computes the logits `[N, classes]` of a batch, whose stages are prepared. Allocates memory for the first batch alone.
    ///
    /// # Errors
    ///
    /// [`TrainError::Memory`].
    pub fn logits(&mut self, pass: &Pass, batch: &Batch, logits: &mut [f32]) -> Result<(), TrainError> {
        let Self { layout, augmentation, memory } = self;
        let mut allocated = match memory.take() {
            Some(memory) => memory,
            None => Memory::new(pass.program, layout, pass.isa, augmentation.as_ref())?,
        };
        for (index, logits) in logits.chunks_exact_mut(logits.len() / batch.len()).enumerate() {
            allocated.load(pass.program, layout, batch, index);
            (0..pass.program.stages.len()).for_each(|stage| allocated.forward(pass, layout, stage));
            allocated.read(pass.program, layout, logits);
        }
        // Not after a panic, which may leave a buffer out.
        *memory = Some(allocated);
        Ok(())
    }
}

impl Memory {
    /// Puts an image of a batch into its planes.
    fn load(&mut self, program: &Program, layout: &Layout, batch: &Batch, index: usize) {
        batch.prepare(index, &mut self.preparing, &mut self.image);
        let planes = layout.value(ValueId::IMAGES);
        let to = self.buffers[program.place(ValueId::IMAGES).buffer].as_flattened_mut();
        let (height, width) = (planes.frame().height(), planes.frame().width());
        for (row, from) in self.image.chunks_exact(width).enumerate() {
            to[planes.at(row / height, row % height, 0)..][..width].copy_from_slice(from);
        }
    }

    /// Computes a stage's output.
    fn forward(&mut self, pass: &Pass, layout: &Layout, index: usize) {
        let stage = &pass.program.stages[index];
        let (buffer, planes) = (pass.program.place(stage.output).buffer, layout.written[index]);
        let is_bordered = layout.value(stage.output) != planes;
        let mut registers = take(if is_bordered { &mut self.unbordered } else { &mut self.buffers[buffer] });
        let reads = ImageReads { pass, stage, layout, buffers: &self.buffers };
        let to = PlanesMut { registers: &mut registers, planes, scratch: &mut self.scratch };
        stage.kind.op().evaluate(&reads, to);
        if is_bordered {
            let to = self.buffers[buffer].as_flattened_mut();
            copy_planes(PlanesView { registers: &registers, planes }, to, layout.value(stage.output));
            self.unbordered = registers;
        } else {
            self.buffers[buffer] = registers;
        }
    }

    /// Reads the logits, one a class.
    fn read(&self, program: &Program, layout: &Layout, logits: &mut [f32]) {
        let planes = layout.value(program.output);
        let from = self.buffers[program.place(program.output).buffer].as_flattened();
        let (height, width) = (planes.frame().height(), planes.frame().width());
        for (row, logits) in logits.chunks_exact_mut(width).enumerate() {
            logits.copy_from_slice(&from[planes.at(row / height, row % height, 0)..][..width]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Plan;

    #[test]
    fn the_memory_of_an_image_is_that_of_its_layout() {
        let samples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test/samples/squares");
        let experiment = std::fs::read_to_string(samples.join("experiment.json")).unwrap();
        let experiment: crate::Experiment = serde_json::from_str(&experiment).unwrap();
        let program = Program::new(&Plan::of(&experiment.net).unwrap(), false).unwrap();
        let layout = Layout::of(&program).unwrap();
        let Memory { buffers, unbordered, scratch, image, .. } =
            Memory::new(&program, &layout, Isa::best(), None).unwrap();
        let pixels = buffers.iter().map(|buffer| buffer.len()).sum::<usize>() + unbordered.len();
        assert_eq!((LANES * pixels + scratch.len() + image.len()) as u128, layout.size());
    }
}
