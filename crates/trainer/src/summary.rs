use crate::TrainError;
use crate::net::{NetSpec, Node, Op, Plan, ValueId, Window};

/// The layers of a net.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// One row per layer, in order; a block with all its parts is one.
    pub rows: Vec<SummaryRow>,
    /// Number of parameters.
    pub parameters: usize,
}

/// One layer: its shapes and its receptive field.
///
/// With `jump` the distance in pixels between neighbours and `field` the side of one value's receptive field, in pixels:
/// `jump_out = jump_in * stride` and `field_out = field_in + (kernel - 1) * jump_in` (Araujo, Norris and Sim 2019,
/// "Computing Receptive Fields of Convolutional Neural Networks").
#[derive(Debug, Clone, PartialEq)]
pub struct SummaryRow {
    /// The layer's place, such as `body.0`.
    pub layer: String,
    /// Its operation, such as `conv 3x3 + norm + relu`.
    pub operation: String,
    /// Height and width of its input.
    pub size_in: usize,
    /// Channels of its input.
    pub channels_in: usize,
    /// Channels of its output.
    pub channels_out: usize,
    /// Zeros added on each side.
    pub padding: usize,
    /// Height and width of its window.
    pub kernel: usize,
    /// Distance between windows.
    pub stride: usize,
    /// Height and width of its output.
    pub size_out: usize,
    /// Jump before it.
    pub jump_in: usize,
    /// Jump after it.
    pub jump_out: usize,
    /// Receptive field before it.
    pub field_in: usize,
    /// Receptive field after it.
    pub field_out: usize,
    /// Activations of its input: `size_in * size_in * channels_in`.
    pub activations: usize,
    /// Number of its parameters, those of its norm included.
    pub parameters: usize,
}

/// Infers the shapes of a net and returns its layers; allocates no weights.
///
/// # Errors
///
/// [`TrainError::Setting`] or [`TrainError::Shape`] if it can't be built.
pub fn summarize(net: &NetSpec) -> Result<Summary, TrainError> {
    let plan = Plan::of(net)?;
    let count = |index: usize| plan.parameters[index].range.len();

    // Of each value, with the largest where branches meet.
    let mut fields = vec![Field { jump: 1, side: 1 }; plan.graph.values()];
    let nodes: Vec<(ValueId, &Node)> = plan.graph.nodes().collect();
    let mut rows = vec![];
    for layer in nodes.chunk_by(|(_, a), (_, b)| a.layer == b.layer) {
        let mut window = Window { kernel: 1, stride: 1, padding: 0 };
        let mut parameters = 0;
        let mut names = vec![];
        for (output, node) in layer {
            let here = node.op.window();
            if let Some(here) = here {
                window = here;
            }
            let before = node.inputs.iter().map(|input| fields[input.index()]);
            let before = before.reduce(Field::larger).unwrap_or(fields[0]);
            fields[output.index()] = here.map_or(before, |window| before.after(window));
            names.push(match node.op {
                Op::Conv { weight, bias, window: Window { kernel, .. } } => {
                    parameters += count(weight) + bias.map_or(0, count);
                    format!("conv {kernel}x{kernel}")
                }
                Op::BatchNorm { weight, bias, .. } => {
                    parameters += count(weight) + count(bias);
                    "norm".into()
                }
                Op::Relu => "relu".into(),
                Op::Dropout { probability, .. } => format!("dropout {probability}"),
                Op::MaxPool(Window { kernel, .. }) => format!("max pool {kernel}"),
                Op::AveragePool(Window { kernel, .. }) => format!("average pool {kernel}"),
                Op::Flatten => "flatten".into(),
            });
        }
        let ((_, first), (last, _)) = (layer[0], layer[layer.len() - 1]);
        let input = first.inputs[0];
        let [before, after] = [input, last].map(|value| fields[value.index()]);
        let [shape_before, shape_after] = [input, last].map(|value| plan.graph.shape(value));
        rows.push(SummaryRow {
            layer: first.layer.clone(),
            operation: names.join(" + "),
            size_in: shape_before[1],
            channels_in: shape_before[0],
            channels_out: shape_after[0],
            padding: window.padding,
            kernel: window.kernel,
            stride: window.stride,
            size_out: shape_after[1],
            jump_in: before.jump,
            jump_out: after.jump,
            field_in: before.side,
            field_out: after.side,
            activations: shape_before.iter().product(),
            parameters,
        });
    }
    Ok(Summary { rows, parameters: plan.parameter_count() })
}

/// The receptive field of a value.
#[derive(Debug, Clone, Copy)]
struct Field {
    /// Distance in pixels between the fields of neighbours.
    jump: usize,
    /// Height and width, in pixels.
    side: usize,
}

impl Field {
    fn after(self, window: Window) -> Self {
        Self { jump: self.jump * window.stride, side: self.side + (window.kernel - 1) * self.jump }
    }

    fn larger(self, other: Self) -> Self {
        Self { jump: self.jump.max(other.jump), side: self.side.max(other.side) }
    }
}
