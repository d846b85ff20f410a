use crate::TrainError;
use crate::net::{Groups, LayerPlan, NetSpec, Op, Plan, Window, operation};

/// The layers of a net.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// One row per layer, each before those within it; a block with all its parts is one, as is a layer that is repeated.
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
    /// How many layers it is within.
    pub depth: usize,
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
    /// Multiply-adds of its convolutions for one image, each repetition included.
    pub multiply_adds: u128,
}

/// Infers the shapes of a net and returns its layers; allocates no weights.
///
/// # Errors
///
/// [`TrainError::Setting`] or [`TrainError::Shape`] if it can't be built.
pub fn summarize(net: &NetSpec) -> Result<Summary, TrainError> {
    let plan = Plan::of(net)?;
    let graph = &plan.graph;
    // Of each value, with the largest where branches meet.
    let mut fields = vec![Field { jump: 1, side: 1 }; graph.values()];
    for (output, node) in graph.nodes() {
        let before = node.inputs.iter().map(|input| fields[input.index()]);
        let before = before.reduce(Field::larger).unwrap_or(fields[0]);
        let window = node.op.window(graph.shape(node.inputs[0]));
        fields[output.index()] = window.map_or(before, |window| before.after(window));
    }
    let rows = plan.layers.iter().map(|layer| row(&plan, layer, &fields)).collect();
    Ok(Summary { rows, parameters: plan.parameter_count() })
}

/// Returns a layer's row; of a layer with others within it, its own operations.
fn row(plan: &Plan, layer: &LayerPlan, fields: &[Field]) -> SummaryRow {
    let count = |index: usize| plan.parameters[index].range.len();
    let mut window = Window::PIXEL;
    let mut parameters = 0;
    let mut names = vec![];
    // A repeated layer has the same operations again.
    let nodes = plan.graph.nodes().filter(|(_, node)| node.layer == layer.path);
    for (_, node) in nodes.take_while(|(value, _)| *value <= layer.output) {
        let input = plan.graph.shape(node.inputs[0]);
        if let Some(here) = node.op.window(input).filter(|_| layer.kind.is_empty()) {
            window = here;
        }
        names.push(match node.op {
            Op::Conv { weight, bias, window, groups } => {
                parameters += count(weight) + bias.map_or(0, count);
                let groups = match groups {
                    1 => None,
                    groups if groups == input[0] => Some(Groups::Depthwise),
                    groups => Some(Groups::Number(groups)),
                };
                operation(window, groups)
            }
            Op::BatchNorm { weight, bias, .. } => {
                parameters += count(weight) + count(bias);
                "norm".into()
            }
            Op::Activation(activation) => activation.name().into(),
            Op::Sigmoid => "sigmoid".into(),
            Op::Dropout { probability, .. } => format!("dropout {probability}"),
            Op::MaxPool(window) => pool("max", window),
            Op::AveragePool(window) => pool("average", window),
            Op::GlobalAveragePool => "global average pool".into(),
            Op::Flatten => "flatten".into(),
            Op::Add => "add".into(),
            Op::Concat => "concat".into(),
            Op::Scale => "scale".into(),
        });
    }
    let operation = match (layer.kind, names.join(" + ")) {
        ("" | "concat", own) => own,
        ("linear", own) => own.replacen("conv 1x1", "linear", 1),
        (kind, own) if own.is_empty() => kind.into(),
        (kind, own) => format!("{kind}: {own}"),
    };
    let [before, after] = [layer.input, layer.output].map(|value| fields[value.index()]);
    let [shape_before, shape_after] = [layer.input, layer.output].map(|value| plan.graph.shape(value));
    SummaryRow {
        layer: layer.path.clone(),
        depth: layer.depth,
        operation,
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
        multiply_adds: multiply_adds(plan, layer),
    }
}

fn multiply_adds(plan: &Plan, layer: &LayerPlan) -> u128 {
    let nodes = plan.graph.nodes().filter(|(_, node)| node.layer == layer.path);
    nodes
        .map(|(_, node)| match node.op {
            Op::Conv { weight, .. } => {
                // Each weight is used once a pixel of the output.
                [plan.parameters[weight].range.len(), node.shape[1], node.shape[2]]
                    .map(|n| n as u128)
                    .iter()
                    .product()
            }
            _ => 0,
        })
        .sum()
}

/// Describes a pool, such as `max pool 3, stride 2`.
fn pool(kind: &str, Window { kernel, stride, .. }: Window) -> String {
    let stride = if stride == kernel { String::new() } else { format!(", stride {stride}") };
    format!("{kind} pool {kernel}{stride}")
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
        Self { jump: self.jump * window.stride, side: self.side + (window.extent() - 1) * self.jump }
    }

    fn larger(self, other: Self) -> Self {
        Self { jump: self.jump.max(other.jump), side: self.side.max(other.side) }
    }
}
