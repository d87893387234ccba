//! `cp`.

use crate::cli::args::cp::CpArgs;
use crate::cli::error::CliError;
use crate::cli::exit;
use crate::cli::settings::Settings;
use crate::model::addr::Pattern;
use crate::ops::address::parse_replica;
use crate::ops::copy::{ARCHIVE, Upload, download, upload};
use crate::ops::load::project_name;

/// A side of a copy.
enum Side {
    Local(String),
    Inside(Pattern, String),
}

/// Copies files.
pub async fn cp(args: &CpArgs, settings: &Settings) -> Result<u8, CliError> {
    let project = project_name(&settings.load_options(&args.lab, &[])?)?;
    let directory = &settings.environment.directory;
    let local = |path: &str| if path == ARCHIVE { path.into() } else { directory.join(path) };
    let (from, to) = (side(&args.from, args.index)?, side(&args.to, args.index)?);
    let ctx = settings.ctx()?;
    match (from, to) {
        (Side::Inside(pattern, path), Side::Local(to)) => {
            download(&ctx, &project, &pattern, &path, &local(&to), args.follow_link).await?;
        }
        (Side::Local(from), Side::Inside(pattern, path)) => {
            let how = Upload { follow: args.follow_link, for_user: args.archive, one_offs: args.all };
            upload(&ctx, &project, &local(&from), &pattern, &path, how).await?;
        }
        (Side::Local(_), Side::Local(_)) | (Side::Inside(..), Side::Inside(..)) => {
            return Err(CliError::Usage {
                message: "one side of a copy is a container, the other is not".to_owned(),
                hint: Some("write a container's side as ADDRESS:PATH, such as `vm1/web:/etc`".to_owned()),
            });
        }
    }
    Ok(exit::OK)
}

/// A path that begins with `.` or `/` is local even if it has a colon, as for Docker.
fn side(text: &str, index: Option<u32>) -> Result<Side, CliError> {
    let inside = text.split_once(':').filter(|_| !text.starts_with(['.', '/']));
    Ok(match inside {
        None => Side::Local(text.to_owned()),
        Some((address, path)) => {
            // A container's paths start at its root, as for Docker.
            let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
            Side::Inside(parse_replica(address, index)?, path)
        }
    })
}
