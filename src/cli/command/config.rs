//! `config` and `validate`.

use std::collections::BTreeSet;

use crate::cli::args::config::{ConfigArgs, ConfigFormat};
use crate::cli::args::validate::ValidateArgs;
use crate::cli::error::{CliError, say_problems};
use crate::cli::exit;
use crate::cli::settings::Settings;
use crate::cli::terminal::{Terminal, lines};
use crate::model::topology::{Layer, Topology};
use crate::ops::load::load;
use crate::report::config::lab::to_value;
use crate::report::json::convert::to_text;
use crate::report::style::{Symbol, Tone};
use crate::report::yaml::to_yaml;

/// Prints the lab as it was understood.
pub fn config(args: &ConfigArgs, settings: &Settings, terminal: &Terminal) -> Result<u8, CliError> {
    let lab = load(&settings.load_options(&args.lab, &[])?)?.valid()?;
    say_problems(&lab.warnings, &lab.sources, terminal);
    let topology = &lab.lab.topology;
    if args.quiet {
        return Ok(exit::OK);
    }
    let text = if args.services {
        lines(topology.instances().into_iter().map(|(addr, _)| addr))
    } else if args.images {
        lines(images(topology))
    } else {
        match args.format {
            ConfigFormat::Yaml => to_yaml(&to_value(topology)),
            ConfigFormat::Json => to_text(&to_value(topology)),
        }
    };
    terminal.print(&text)?;
    Ok(exit::OK)
}

/// Checks the lab file.
pub fn validate(args: &ValidateArgs, settings: &Settings, terminal: &Terminal) -> Result<u8, CliError> {
    let loaded = load(&settings.load_options(&args.lab, &[])?)?;
    let files: Vec<String> = loaded
        .files
        .iter()
        .map(|path| path.strip_prefix(&settings.environment.directory).unwrap_or(path).display().to_string())
        .collect();
    let lab = loaded.valid()?;
    say_problems(&lab.warnings, &lab.sources, terminal);
    if !args.quiet {
        let style = terminal.out;
        let ok =
            style.paint(Tone::Good, &format!("{} {} is valid", style.symbol(Symbol::Done), files.join(", ")));
        terminal.print(&format!("{ok}: {}\n", counts(&lab.lab.topology)))?;
    }
    Ok(exit::OK)
}

/// `lab poc, 7 services (2 nodes) on 3 layers, 4 images`.
fn counts(topology: &Topology) -> String {
    let instances = topology.instances();
    let nodes = instances.iter().filter(|(_, service)| service.node.is_some()).count();
    let depth = instances.iter().map(|(addr, _)| addr.parts().len()).max().unwrap_or(0);
    let plural = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    let mut parts = vec![format!("lab {}", topology.project), plural(instances.len(), "service")];
    if nodes > 0 {
        parts.push(plural(nodes, "node"));
        parts.push(format!("{} deep", plural(depth, "level")));
    }
    parts.push(plural(images(topology).len(), "image"));
    parts.join(", ")
}

/// Every image that the file names, and those that kinds bring along.
fn images(topology: &Topology) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    let mut layers: Vec<&Layer> = vec![&topology.root];
    while let Some(layer) = layers.pop() {
        out.extend(layer.images.iter().map(|image| image.value.clone()));
        for service in layer.services.values() {
            if !service.spec.image.is_empty() {
                out.insert(service.spec.image.clone());
            } else if let Some(image) = crate::ops::load::default_image(service) {
                out.insert(image.to_owned());
            }
            layers.extend(service.node.iter().map(|node| &node.inner));
        }
    }
    out
}
