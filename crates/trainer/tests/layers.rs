//! Layers of all kinds: names, shapes and receptive fields, and refusals that name the layer.

mod common;

use common::of_net;
use serde_json::{Value, json};
use stepladder_trainer::net::{Init, LayerSpec, NetSpec, Plan, ResidualLayer, Weights};
use stepladder_trainer::{TrainError, summarize};

fn net(body: &Value) -> NetSpec {
    let order = ["conv", "norm", "relu", "dropout"];
    let block = json!({"order": order, "bias": false, "norm": "batch", "dropout": 0});
    let last = json!({"kind": "conv", "channels": 10, "kernel": 1, "padding": 0, "bias": true});
    let head = json!([{"kind": "global-average-pool"}, last]);
    let net = json!({"channels": 3, "size": 16, "classes": 10, "block": block, "body": body, "head": head});
    serde_json::from_value(net).unwrap()
}

fn refusal(body: &Value) -> String {
    let error = of_net(&net(body), 0.0).check().unwrap_err();
    assert!(matches!(error, TrainError::Shape { .. } | TrainError::Setting { .. }), "{error:?}");
    error.to_string()
}

fn block(channels: usize) -> Value {
    json!({"kind": "block", "channels": channels, "kernel": 3, "padding": 1})
}

fn with(mut layer: Value, settings: &Value) -> Value {
    layer.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    layer
}

#[test]
fn geometry_that_no_layer_has_is_refused_by_the_layer_and_what_it_expects() {
    let conv = json!({"kind": "conv", "channels": 9, "kernel": 3, "padding": 1, "bias": false});
    let cases = [
        (
            json!([with(block(8), &json!({"stride": 0}))]),
            "`net.body.0.stride` should be a whole number from 1 to 1024, got 0",
        ),
        (
            json!([block(8), with(block(8), &json!({"dilation": 9}))]),
            "layer `body.1` (conv 3x3, dilation 9, padding 1, 8 to 8) expects an image of at least 17 x 17 \
             (8 x 17 x 17), got 8 x 16 x 16",
        ),
        (
            json!([block(8), with(conv.clone(), &json!({"groups": 4}))]),
            "layer `body.1` (conv 3x3, groups 4, padding 1, 8 to 9) expects channels in and out that 4 groups divide, \
             got 8 x 16 x 16",
        ),
        (
            json!([block(8), with(conv, &json!({"groups": "depthwise"}))]),
            "layer `body.1` (depthwise conv 3x3, padding 1, 8 to 9) expects channels in and out that 8 groups divide, \
             got 8 x 16 x 16",
        ),
        (
            json!([{"kind": "max-pool", "kernel": 3, "padding": 2}]),
            "`net.body.0.padding` should be a whole number from 0 to 1, got 2",
        ),
        (
            json!([block(8), {"kind": "residual", "layers": [block(8), block(9)]}]),
            "layer `body.1` (residual) expects its layers to leave the shape of their input, 8 x 16 x 16 (or \
             `shortcut` to be `conv`), got 9 x 16 x 16",
        ),
        (
            json!([{"kind": "residual", "layers": [{"kind": "conv", "channels": 3, "kernel": 3, "padding": 0, "bias": true}], "shortcut": "conv"}]),
            "layer `body.0` (residual) expects its layers to leave a size that a stride over 16 x 16 leads to, got \
             3 x 14 x 14",
        ),
        (
            json!([{"kind": "residual", "layers": [{"kind": "max-pool", "kernel": 1}], "zeroInit": true}]),
            "`net.body.0.zeroInit` should be false where no norm is in `layers`, got true",
        ),
        (
            json!([block(8), {"kind": "concat", "branches": [[block(4)], [with(block(4), &json!({"stride": 2}))]]}]),
            "layer `body.1.branches.1` (concat) expects the size of the first branch, 16 x 16, got 4 x 8 x 8",
        ),
        (
            json!([{"kind": "concat", "branches": []}]),
            "`net.body.0.branches` should be a whole number from 1 to 1024, got 0",
        ),
        (
            json!([block(8), {"kind": "repeat", "times": 2, "layers": [block(9)]}]),
            "layer `body.1` (repeat 2 times) expects its layers to leave the shape of their input, 8 x 16 x 16, got \
             9 x 16 x 16",
        ),
        (
            json!([{"kind": "repeat", "times": 0, "layers": []}]),
            "`net.body.0.times` should be a whole number from 1 to 1024, got 0",
        ),
        (
            json!([{"kind": "repeat", "times": 1000, "layers": [block(3), block(3)]}]),
            "`net.layers` should be a whole number from 0 to 1024, got 2003",
        ),
        (
            json!([{"kind": "linear", "features": 0}]),
            "`net.body.0.features` should be a whole number from 1 to 65536, got 0",
        ),
        (
            json!([block(8), {"kind": "residual", "layers": [{"kind": "repeat", "times": 2, "layers": [block(0)]}]}]),
            "`net.body.1.layers.0.layers.0.channels` should be a whole number from 1 to 65536, got 0",
        ),
    ];
    for (body, expected) in cases {
        assert_eq!(refusal(&body), expected);
    }
}

#[test]
fn branches_whose_values_double_over_and_over_are_refused_before_their_number_overflows() {
    let double = json!({"kind": "concat", "branches": [[], []]});
    let body: Vec<Value> = std::iter::repeat_n(double, 100).collect();
    let error = refusal(&json!(body));
    assert!(error.starts_with("`net.body.49.branches` should be branches that make at most"), "{error}");
}

#[test]
fn ten_thousand_nested_layers_are_refused() {
    let mut layer = LayerSpec::block(3, 3, 1);
    for _ in 0..10_000 {
        let (shortcut, activation, zero_init) = (None, None, None);
        layer = LayerSpec::Residual(ResidualLayer { layers: vec![layer], shortcut, activation, zero_init });
    }
    let net = NetSpec { body: vec![layer], ..net(&json!([])) };
    let error = Plan::of(&net).unwrap_err().to_string();
    assert!(error.contains("should be at most 16 levels of layers within layers"), "{error}");
}

#[test]
fn sixteen_levels_of_layers_are_taken() {
    let mut layer = block(3);
    for _ in 0..16 {
        layer = json!({"kind": "residual", "layers": [layer]});
    }
    assert!(of_net(&net(&json!([layer])), 0.0).check().is_ok());
    assert!(refusal(&json!([{"kind": "residual", "layers": [layer]}])).contains("at most 16 levels"));
}

#[test]
fn a_net_of_earlier_versions_is_written_as_it_was() {
    let layers = json!([
        {"kind": "block", "channels": 8, "kernel": 3, "padding": 1},
        {"kind": "max-pool", "kernel": 2},
        {"kind": "conv", "channels": 8, "kernel": 1, "padding": 0, "bias": true},
        {"kind": "average-pool", "kernel": 2}
    ]);
    let written = serde_json::to_value(net(&layers)).unwrap();
    assert_eq!(written["body"], layers);
    let names: Vec<&String> = written["block"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["bias", "dropout", "norm", "order"]);
}

#[test]
fn repeated_layers_share_their_weights_and_are_listed_once() {
    let repeat =
        |times: usize| net(&json!([block(4), {"kind": "repeat", "times": times, "layers": [block(4)]}]));
    let [once, thrice] = [1, 3].map(|times| Plan::of(&repeat(times)).unwrap());
    assert_eq!(once.parameters, thrice.parameters);
    assert_eq!(once.statistics, thrice.statistics);
    let [once, thrice] = [1, 3].map(|times| summarize(&repeat(times)).unwrap());
    assert_eq!(once.parameters, thrice.parameters);
    assert_eq!((once.rows.len(), thrice.rows.len()), (5, 5));
    assert_eq!((once.rows[1].field_out, thrice.rows[1].field_out), (5, 9));
    assert_eq!((once.rows[2].multiply_adds * 3, thrice.rows[2].multiply_adds), (110_592, 110_592));
}

#[test]
fn the_last_norm_of_a_residual_starts_at_zero_where_the_step_says_so() {
    let body = |zero: bool| json!([{"kind": "residual", "layers": [block(3), block(3)], "zeroInit": zero}]);
    for zero in [true, false] {
        let plan = Plan::of(&net(&body(zero))).unwrap();
        let weights = Weights::init(&plan, 1).unwrap();
        for (path, starts) in [("body.0.layers.0", 1.0), ("body.0.layers.1", if zero { 0.0 } else { 1.0 })] {
            let name = format!("{path}.norm.weight");
            let planned = plan.parameters.iter().find(|planned| planned.name == name).unwrap();
            assert_eq!(planned.init, if starts == 0.0 { Init::Zeros } else { Init::Ones });
            assert!(weights.parameters[planned.range.clone()].iter().all(|&scale| scale == starts), "{name}");
        }
    }
}

#[test]
fn the_summary_of_a_nested_net_has_a_row_for_each_layer_within_another() {
    let inner = with(block(8), &json!({"stride": 2}));
    let residual = json!({
        "kind": "residual", "layers": [inner, block(8)], "shortcut": "conv", "activation": "relu",
    });
    let separable =
        json!({"kind": "separable", "channels": 6, "kernel": 3, "padding": 1, "activation": "silu"});
    let squeeze = json!({"kind": "squeeze-excite", "channels": 2});
    let linear = json!({"kind": "linear", "features": 5, "activation": "gelu"});
    let body =
        json!([residual, separable, {"kind": "concat", "branches": [[], [block(4)]]}, squeeze, linear]);
    let summary = summarize(&net(&body)).unwrap();
    let rows: Vec<String> = summary
        .rows
        .iter()
        .map(|row| {
            let indent = "  ".repeat(row.depth);
            let [from, to] = [(row.size_in, row.channels_in), (row.size_out, row.channels_out)]
                .map(|(size, channels)| format!("{channels}x{size}"));
            format!(
                "{indent}{} | {} | {from} to {to} | field {} | {}",
                row.layer, row.operation, row.field_out, row.parameters
            )
        })
        .collect();
    // Fields by hand: 3 + (3 - 1) * 2 = 7 after the residual, whose jump is 2; 7 + 4 = 11, 11 + 4 = 15.
    let expected = [
        "body.0 | residual: add + relu | 3x16 to 8x8 | field 7 | 0",
        "  body.0.layers.0 | conv 3x3, stride 2 + norm + relu | 3x16 to 8x8 | field 3 | 232",
        "  body.0.layers.1 | conv 3x3 + norm + relu | 8x8 to 8x8 | field 7 | 592",
        "  body.0.shortcut | conv 1x1, stride 2 + norm | 3x16 to 8x8 | field 1 | 40",
        "body.1 | separable | 8x8 to 6x8 | field 11 | 0",
        "  body.1.depthwise | depthwise conv 3x3 + norm + silu | 8x8 to 8x8 | field 11 | 88",
        "  body.1.pointwise | conv 1x1 + norm + silu | 8x8 to 6x8 | field 11 | 60",
        "body.2 | concat | 6x8 to 10x8 | field 15 | 0",
        "  body.2.branches.1.0 | conv 3x3 + norm + relu | 6x8 to 4x8 | field 15 | 224",
        "body.3 | squeeze-excite: global average pool + conv 1x1 + relu + conv 1x1 + sigmoid + scale | 10x8 to 10x8 | field 29 | 52",
        "body.4 | flatten + linear + gelu | 10x8 to 5x1 | field 29 | 3205",
    ];
    assert_eq!(rows[..expected.len()], expected);
    assert_eq!(summary.parameters, summary.rows.iter().map(|row| row.parameters).sum::<usize>());
}
