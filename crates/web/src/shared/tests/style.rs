//! The stylesheet: its size, and the contrast of every pair of colours that text or an edge is shown in.

use std::collections::HashMap;

use crate::shared::assets;

fn style() -> &'static str {
    std::str::from_utf8(assets::STYLE.bytes()).expect("a stylesheet is text")
}

/// The custom properties of the first `:root` block in `text`.
fn colours(text: &str) -> HashMap<&str, [f64; 3]> {
    let block = text.split_once(":root {").expect("a :root block").1.split_once('}').expect("its end").0;
    block
        .split(';')
        .filter_map(|declaration| {
            let (name, value) = declaration.split_once(": #")?;
            let digits = u32::from_str_radix(value.trim(), 16).ok()?;
            let channel = |shift: u32| f64::from((digits >> shift) & 0xFF) / 255.0;
            Some((name.trim().strip_prefix("--")?, [channel(16), channel(8), channel(0)]))
        })
        .collect()
}

/// WCAG 2.2, relative luminance.
fn luminance(colour: [f64; 3]) -> f64 {
    let [red, green, blue] =
        colour.map(|part| if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
    let (a, b) = (luminance(one), luminance(other));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn the_stylesheet_stays_under_fifteen_kilobytes() {
    assert!(style().len() < 15_000, "{} bytes", style().len());
}

#[test]
fn text_has_a_contrast_of_four_and_a_half_and_edges_of_three_in_light_and_dark() {
    const TEXT: [(&str, &str); 26] = [
        ("ink", "paper"),
        ("ink", "surface"),
        ("ink", "sunken"),
        ("ink", "accent-tint"),
        ("ink", "good-tint"),
        ("ink", "plain-tint"),
        ("ink", "warning-tint"),
        ("ink", "bad-tint"),
        ("muted", "paper"),
        ("muted", "surface"),
        ("muted", "sunken"),
        ("muted", "accent-tint"),
        ("accent", "paper"),
        ("accent", "surface"),
        ("accent", "sunken"),
        ("accent", "accent-tint"),
        ("accent", "bad-tint"),
        ("accent-strong", "accent-tint"),
        ("on-accent", "accent"),
        ("on-accent", "accent-strong"),
        ("on-bad", "bad"),
        ("bad", "surface"),
        ("good", "good-tint"),
        ("plain", "plain-tint"),
        ("warning", "warning-tint"),
        ("bad", "bad-tint"),
    ];
    const EDGES: [(&str, &str); 7] = [
        ("edge", "surface"),
        ("edge", "paper"),
        ("focus", "surface"),
        ("focus", "paper"),
        ("focus", "sunken"),
        ("warning", "surface"),
        ("good", "surface"),
    ];
    let light = style();
    let dark = light.split_once("prefers-color-scheme: dark").expect("a dark scheme").1;
    for (scheme, colours) in [("light", colours(light)), ("dark", colours(dark))] {
        let all = TEXT.iter().map(|pair| (pair, 4.5)).chain(EDGES.iter().map(|pair| (pair, 3.0)));
        for ((front, back), least) in all {
            let found = contrast(colours[front], colours[back]);
            assert!(found >= least, "{scheme}: {front} on {back} has {found:.2}, not {least}");
        }
    }
}

#[test]
fn no_text_is_smaller_than_sixteen_pixels() {
    // The chart's labels are drawn in a picture of their own scale; everything else is sized in rem.
    for size in style()
        .split("font-size: ")
        .skip(1)
        .map(|rest| rest.split([';', ' ', '}']).next().unwrap_or_default())
    {
        if let Some(rem) = size.strip_suffix("rem") {
            assert!(rem.parse::<f64>().expect("a number") >= 1.0, "{size}");
        }
    }
}
