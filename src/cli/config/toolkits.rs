//! Toolkits in the configuration file: read and checked; a mistake names the toolkit and what would be right.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, bail, ensure};
use serde::Deserialize;

use crate::app::{Mount, Toolkit};
use crate::plan::{Profile, parse_image, parse_profile};

/// A toolkit as the file says it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct ToolkitConfig {
    /// Its name.
    pub name: String,
    /// Its image.
    pub image: String,
    /// Its profile (default: auto).
    pub profile: Option<String>,
    /// What it runs instead of the image's own command.
    pub command: Vec<String>,
    /// Its environment.
    pub env: BTreeMap<String, String>,
    /// Volumes of the pod to mount.
    pub mounts: Vec<MountConfig>,
}

/// A mount as the file says it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct MountConfig {
    /// The volume's name in the pod.
    pub volume: String,
    /// Where in the debugger.
    pub path: String,
    /// Whether it can only be read there.
    pub read_only: bool,
}

/// The toolkits, checked.
///
/// # Errors
/// The first mistake: a missing or repeated name, an image that is none, an unknown profile, a mount without a place.
pub(super) fn read(configured: &[ToolkitConfig]) -> anyhow::Result<Vec<Toolkit>> {
    let mut names = BTreeSet::new();
    configured
        .iter()
        .map(|toolkit| {
            let name = toolkit.name.trim();
            ensure!(!name.is_empty(), "every one of the toolkits needs a name");
            ensure!(!name.chars().any(char::is_control), "toolkit {name:?}: a name is plain text");
            ensure!(names.insert(name.to_owned()), "toolkit {name}: there are two of this name");
            checked(toolkit).with_context(|| format!("toolkit {name}"))
        })
        .collect()
}

fn checked(toolkit: &ToolkitConfig) -> anyhow::Result<Toolkit> {
    ensure!(!toolkit.image.is_empty(), "it needs an image");
    if let Err(refusal) = parse_image(&toolkit.image) {
        bail!("image: {refusal}");
    }
    let profile = match toolkit.profile.as_deref() {
        None => Profile::Auto,
        Some(word) => parse_profile(word).map_err(|refusal| anyhow::anyhow!("profile: {refusal}"))?,
    };
    for name in toolkit.env.keys() {
        ensure!(!name.is_empty() && !name.contains('='), "env: {name:?} cannot name a variable");
    }
    let mut paths = BTreeSet::new();
    for mount in &toolkit.mounts {
        ensure!(!mount.volume.is_empty(), "mounts: each needs the name of a volume");
        ensure!(
            mount.path.starts_with('/') && !mount.path.contains(':'),
            "mounts: volume {}: {:?} is no absolute path",
            mount.volume,
            mount.path
        );
        ensure!(paths.insert(&mount.path), "mounts: {} is mounted on twice", mount.path);
    }
    let mount = |mount: &MountConfig| Mount {
        volume: mount.volume.clone(),
        path: mount.path.clone(),
        read_only: mount.read_only,
    };
    Ok(Toolkit {
        name: toolkit.name.trim().to_owned(),
        image: toolkit.image.clone(),
        profile,
        command: toolkit.command.clone(),
        env: toolkit.env.clone().into_iter().collect(),
        mounts: toolkit.mounts.iter().map(mount).collect(),
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::super::Config;
    use super::*;
    use crate::cli::Arguments;

    fn toolkits(text: &str) -> Vec<Toolkit> {
        Config::parse(text).expect("readable").settings(&Arguments::parse_from(["bathy"])).toolkits
    }

    #[test]
    fn what_is_configured_stands_for_what_is_built_in() {
        assert_eq!(toolkits(""), Toolkit::built_in());
        assert_eq!(toolkits("toolkits = []"), []);
        let text = "[[toolkits]]\nname = 'db'\nimage = 'postgres:17'\nprofile = 'restricted'\ncommand = ['sh']\n\
                    env = { PGHOST = 'localhost' }\nmounts = [{ volume = 'data', path = '/data', read-only = true }]\n";
        assert_eq!(
            toolkits(text),
            [Toolkit {
                name: "db".into(),
                image: "postgres:17".into(),
                profile: Profile::Restricted,
                command: vec!["sh".into()],
                env: vec![("PGHOST".into(), "localhost".into())],
                mounts: vec![Mount { volume: "data".into(), path: "/data".into(), read_only: true }],
            }]
        );
    }

    #[test]
    fn each_mistake_names_the_toolkit_and_what_is_wrong() {
        let of = |rest: &str| format!("[[toolkits]]\nname = 'db'\nimage = 'postgres:17'\n{rest}\n");
        for (text, said) in [
            (of("profile = 'root'"), "toolkit db: profile"),
            (of("mounts = [{ volume = 'd', path = 'data' }]"), "no absolute path"),
            (of("mounts = [{ volume = 'd', path = '/d' }, { volume = 'e', path = '/d' }]"), "twice"),
            (of("env = { 'A=B' = 'x' }"), "toolkit db: env"),
            (of("shell = 'sh'"), "shell"),
            (of("") + &of(""), "toolkit db: there are two"),
            ("[[toolkits]]\nname = 'x'".to_owned(), "needs an image"),
            ("[[toolkits]]\nname = 'x'\nimage = 'A B'".to_owned(), "toolkit x: image"),
            ("[[toolkits]]\nimage = 'x'".to_owned(), "needs a name"),
        ] {
            let mistake = format!("{:#}", Config::parse(&text).expect_err(&text));
            assert!(mistake.contains(said), "{said}: {mistake}");
        }
    }
}
