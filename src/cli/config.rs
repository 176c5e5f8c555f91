//! The configuration file: read, checked and turned into settings; a mistake in it names its place.

mod toolkits;

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use etcetera::BaseStrategy as _;
use serde::Deserialize;

use self::toolkits::ToolkitConfig;
use super::Arguments;
use crate::actions::actions;
use crate::app::{Keymap, Settings, Toolkit, context_matches};
use crate::plan::parse_profile;

/// The configuration file's content.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// The image of debuggers.
    pub image: Option<String>,
    /// What debuggers run instead of their image's own command.
    pub command: Vec<String>,
    /// The leader chord.
    pub leader: Option<String>,
    /// Lines of scrollback.
    pub scrollback: Option<usize>,
    /// Whether the mouse is listened to.
    pub mouse: Option<bool>,
    /// Who is noted as the creator of copies (default: the login name).
    pub creator: Option<String>,
    /// Namespaces to list even if the server lists none.
    pub namespaces: Vec<String>,
    /// Keys by action name.
    pub keys: BTreeMap<String, Vec<String>>,
    /// The sub-command `debug`.
    pub debug: DebugConfig,
    /// What is different in some contexts; the first whose name matches counts.
    pub contexts: Vec<ContextConfig>,
    /// What debuggers can be started with by name, instead of the toolkits that are built in.
    pub toolkits: Option<Vec<ToolkitConfig>>,
}

/// What the sub-command `debug` does where its flags do not say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct DebugConfig {
    /// The profile (default: `general`, as for kubectl).
    pub profile: Option<String>,
}

/// What is different in some contexts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct ContextConfig {
    /// The context's name; `*` stands for anything.
    pub name: String,
    /// The image of debuggers there.
    pub image: Option<String>,
    /// Namespaces to list there.
    pub namespaces: Vec<String>,
}

/// The most scrollback a session may be given, in lines: what is kept costs memory for each.
const MOST_SCROLLBACK: usize = 100_000;

impl Config {
    /// Reads this file, or the user's own where none is named and one is there.
    ///
    /// # Errors
    /// A named file that is not there, a file that cannot be read, and each mistake in it.
    pub fn load(file: Option<&Path>) -> anyhow::Result<Self> {
        let named = file.is_some();
        let Some(file) = file.map(PathBuf::from).or_else(usual_place) else { return Ok(Self::default()) };
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound && !named => return Ok(Self::default()),
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read the configuration {}", file.display()));
            }
        };
        Self::parse(&text).with_context(|| format!("the configuration {} has a mistake", file.display()))
    }

    /// Reads TOML.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let config: Self = toml::from_str(text)?;
        config.keymap()?;
        if let Some(profile) = &config.debug.profile {
            parse_profile(profile).context("debug.profile")?;
        }
        anyhow::ensure!(
            config.scrollback.is_none_or(|lines| lines <= MOST_SCROLLBACK),
            "scrollback: at most {MOST_SCROLLBACK} lines can be kept"
        );
        toolkits::read(config.toolkits.as_deref().unwrap_or_default())?;
        Ok(config)
    }

    /// The keys this configuration and the action table make together.
    ///
    /// # Errors
    /// Every mistake in them at once.
    pub fn keymap(&self) -> anyhow::Result<Keymap> {
        let leader = self.leader.as_deref().unwrap_or("ctrl-]");
        Keymap::new(actions(), leader, &self.keys).map_err(|mistakes| anyhow::Error::msg(mistakes.join("\n")))
    }

    /// The settings of a run: what was said on the command line counts first.
    pub fn settings(&self, arguments: &Arguments) -> Settings {
        let defaults = Settings::default();
        // An image named on the command line is meant for every context.
        let own = self.contexts.iter().filter_map(|c| Some((c.name.clone(), c.image.clone()?)));
        Settings {
            images: if arguments.image.is_some() { Vec::new() } else { own.collect() },
            image: arguments.image.clone().or_else(|| self.image.clone()).unwrap_or(defaults.image),
            command: self.command.clone(),
            scrollback: self.scrollback.unwrap_or(defaults.scrollback),
            mouse: self.mouse.unwrap_or(defaults.mouse) && !arguments.no_mouse,
            creator: self.creator.clone().or_else(login_name).unwrap_or_default(),
            toolkits: self.own_toolkits().unwrap_or(defaults.toolkits),
            images_file: None,
        }
    }

    /// The toolkits of this configuration, if it names any. A configuration with a mistake in them was never read.
    fn own_toolkits(&self) -> Option<Vec<Toolkit>> {
        toolkits::read(self.toolkits.as_deref()?).ok()
    }

    /// The namespaces named for this context.
    pub fn namespaces_of(&self, context: &str) -> Vec<String> {
        let own = self.contexts.iter().find(|c| context_matches(&c.name, context));
        self.namespaces.iter().chain(own.into_iter().flat_map(|c| &c.namespaces)).cloned().collect()
    }
}

fn usual_place() -> Option<PathBuf> {
    let base = etcetera::choose_base_strategy().ok()?;
    Some(base.config_dir().join("bathyscope").join("config.toml"))
}

fn login_name() -> Option<String> {
    ["USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[test]
    fn what_the_command_line_says_counts_first() {
        let config = Config::parse(
            "image = 'alpine:3'\n[[contexts]]\nname = 'prod-*'\nimage = 'tools:1'\nnamespaces = ['payments']\n",
        )
        .expect("readable");
        let plain = config.settings(&Arguments::parse_from(["bathy"]));
        assert_eq!((plain.image_for("prod-eu"), plain.image_for("dev")), ("tools:1", "alpine:3"));
        let said = config.settings(&Arguments::parse_from(["bathy", "--image", "mine:2"]));
        assert_eq!(said.image_for("prod-eu"), "mine:2");
        assert_eq!(config.namespaces_of("prod-eu"), ["payments"]);
        assert!(config.namespaces_of("dev").is_empty());
    }

    #[test]
    fn mistakes_are_named() {
        for (text, said) in [
            ("imgae = 'x'", "imgae"),
            ("[keys]\n'debug.copy' = ['e']", "debug.ephemeral"),
            ("[keys]\n'no.such' = ['e']", "no.such"),
            ("leader = 'hyper-x'", "hyper-x"),
            ("scrollback = 1000000000", "scrollback"),
            ("[[toolkits]]\nname = 'x'\nimage = 'A B'", "toolkit x: "),
            ("[debug]\nprofile = 'strong'", "debug.profile"),
        ] {
            let mistake = format!("{:#}", Config::parse(text).expect_err(text));
            assert!(mistake.contains(said), "{mistake}");
        }
    }
}
