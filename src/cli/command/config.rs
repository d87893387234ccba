//! `config` and `validate`.

use std::collections::BTreeSet;

use crate::cli::args::config::{ConfigArgs, ConfigFormat};
use crate::cli::args::validate::ValidateArgs;
use crate::cli::error::{CliError, say_problems};
use crate::cli::exit;
use crate::cli::settings::Settings;
use crate::cli::terminal::{Terminal, lines};
use crate::model::addr::{Addr, LayerPath, Pattern};
use crate::model::topology::{Layer, Topology};
use crate::ops::address::parse_patterns;
use crate::ops::image_digests::{only_images, pin_images};
use crate::ops::load::load;
use crate::ops::resolve::{ResolveOptions, Resolved, resolve, write};
use crate::report::json::convert::to_text;
use crate::report::style::{Symbol, Tone};
use crate::report::table::{Cell, Table};
use crate::report::yaml::to_yaml;

/// Prints the lab as it was understood.
pub async fn config(args: &ConfigArgs, settings: &Settings, terminal: &Terminal) -> Result<u8, CliError> {
    let patterns = parse_patterns(&args.addresses)?;
    let wanted: Vec<Addr> = patterns.iter().map(Pattern::first).collect();
    let how = ResolveOptions {
        interpolate: !args.no_interpolate && !args.what.variables,
        normalize: !args.no_normalize,
        paths: !args.no_path_resolution,
        env: !args.no_env_resolution,
        consistency: !args.no_consistency,
    };
    let mut resolved =
        resolve(&settings.load_options(&args.lab, &args.addresses)?, how, args.quiet, &patterns)?;
    say_problems(&resolved.lab.warnings, &resolved.lab.sources, terminal);
    if args.quiet {
        return Ok(exit::OK);
    }
    if args.resolve_image_digests || args.lock_image_digests {
        let ctx = settings.ctx()?;
        pin_images(&ctx, &mut resolved.document).await?;
    }
    if args.lock_image_digests {
        only_images(&mut resolved.document);
    }
    let text = text(args, &resolved, &wanted, terminal);
    match &args.output {
        Some(path) => write(&settings.environment.directory.join(path), &text)?,
        None => terminal.print(&text)?,
    }
    Ok(exit::OK)
}

fn text(args: &ConfigArgs, resolved: &Resolved, wanted: &[Addr], terminal: &Terminal) -> String {
    let (what, topology) = (&args.what, &resolved.lab.lab.topology);
    let meant = |addr: &Addr| {
        wanted.is_empty() || wanted.iter().any(|wanted| addr == wanted || addr.is_within(&wanted.inner()))
    };
    if what.services {
        lines(topology.instances().into_iter().map(|(addr, _)| addr).filter(meant))
    } else if what.images {
        lines(images(topology, &meant))
    } else if what.volumes {
        lines(resolved.keys("volumes"))
    } else if what.networks {
        lines(resolved.keys("networks"))
    } else if what.models {
        lines(resolved.models())
    } else if what.profiles {
        lines(&resolved.profiles)
    } else if what.environment {
        lines(resolved.vars.iter().map(|(key, value)| format!("{key}={value}")))
    } else if what.variables {
        let mut table = Table::new(&["NAME", "REQUIRED", "DEFAULT VALUE", "ALTERNATE VALUE"]);
        for it in &resolved.mentions {
            let cells = [it.name.clone(), it.required.to_string(), it.default.clone(), it.alternate.clone()];
            table.row(cells.map(Cell::from).to_vec());
        }
        table.render(terminal.out, terminal.out_columns)
    } else if !what.hash.is_empty() {
        let named = |name: &String| what.hash.iter().any(|wanted| wanted == "*" || wanted == name);
        let hashes = resolved.hashes().into_iter().filter(|(name, _)| named(name));
        lines(hashes.map(|(name, hash)| format!("{name} {hash}")))
    } else {
        match args.format {
            ConfigFormat::Yaml => to_yaml(&resolved.document),
            ConfigFormat::Json => to_text(&resolved.document),
        }
    }
}

/// Checks the lab file.
pub fn validate(args: &ValidateArgs, settings: &Settings, terminal: &Terminal) -> Result<u8, CliError> {
    let loaded = load(&settings.load_options(&args.lab, &[])?)?;
    let files: Vec<String> = loaded
        .files
        .iter()
        .map(|path| path.strip_prefix(&settings.environment.directory).unwrap_or(path).display().to_string())
        .collect();
    let lab = loaded.valid()?.plannable()?;
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
    parts.push(plural(images(topology, &|_| true).len(), "image"));
    parts.join(", ")
}

/// Every image that the file names, and those that kinds bring along, of what is meant.
fn images(topology: &Topology, meant: &dyn Fn(&Addr) -> bool) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    let mut layers: Vec<(LayerPath, &Layer)> = vec![(LayerPath::root(), &topology.root)];
    while let Some((path, layer)) = layers.pop() {
        if path.node().is_none_or(|node| meant(&node)) {
            out.extend(layer.images.iter().map(|image| image.value.clone()));
        }
        for service in layer.services.values() {
            let addr = path.join(&service.name, 1);
            if !service.spec.image.is_empty() && meant(&addr) {
                out.insert(service.spec.image.clone());
            } else if let Some(image) = crate::ops::load::default_image(service).filter(|_| meant(&addr)) {
                out.insert(image.to_owned());
            }
            layers.extend(service.node.iter().map(|node| (addr.inner(), &node.inner)));
        }
    }
    out
}
