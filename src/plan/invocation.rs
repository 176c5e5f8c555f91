//! The flags of `kubectl debug` as they were typed, and the choices they make, refused in kubectl's order; it never
//! reads a file or an argument by itself.

use super::{
    CopyOptions, DebugOptions, Profile, Refusal, parse_custom, parse_env, parse_profile, parse_pull_policy,
    parse_set_image, validate,
};

/// A command line: one field a flag, `None` or empty where it was not given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(clippy::struct_excessive_bools, reason = "one field a flag of kubectl debug")]
pub struct Invocation {
    /// Whether any resource was named, or a file of them.
    pub names_resources: bool,
    /// `--image`.
    pub image: Option<String>,
    /// `--container`.
    pub container: Option<String>,
    /// `--target`.
    pub target: Option<String>,
    /// `--profile`.
    pub profile: Option<String>,
    /// The words after `--`.
    pub command: Vec<String>,
    /// `--arguments-only`.
    pub arguments_only: bool,
    /// `--env`, once for each time.
    pub env: Vec<String>,
    /// `--image-pull-policy`.
    pub pull_policy: Option<String>,
    /// `--stdin`.
    pub stdin: bool,
    /// `--tty`.
    pub tty: bool,
    /// `--attach`.
    pub attach: Option<bool>,
    /// `--custom`: the file's name.
    pub custom: Option<String>,
    /// `--copy-to`.
    pub copy_to: Option<String>,
    /// `--replace`.
    pub replace: bool,
    /// `--same-node`.
    pub same_node: bool,
    /// `--set-image`, once for each time.
    pub set_image: Vec<String>,
    /// `--share-processes`.
    pub share_processes: Option<bool>,
    /// `--keep-labels`.
    pub keep_labels: bool,
    /// `--keep-annotations`.
    pub keep_annotations: bool,
    /// `--keep-liveness`.
    pub keep_liveness: bool,
    /// `--keep-readiness`.
    pub keep_readiness: bool,
    /// `--keep-startup`.
    pub keep_startup: bool,
    /// `--keep-init-containers`.
    pub keep_init_containers: Option<bool>,
}

impl Invocation {
    /// The choices these flags make. `profile` is the one that is meant where none is named; `read` gives the text of
    /// the file that `--custom` names.
    ///
    /// # Errors
    /// The first [`Refusal`] in the order in which kubectl looks: words that are no flags' values, the profile, the
    /// custom container, and then everything that [`validate`](super::validate()) looks at.
    pub fn options(
        &self,
        profile: Profile,
        read: impl FnOnce(&str) -> Result<String, Refusal>,
    ) -> Result<DebugOptions, Refusal> {
        let env = parse_env(&self.env)?;
        let set_image = parse_set_image(&self.set_image)?;
        let profile = self.profile.as_deref().map_or(Ok(profile), parse_profile)?;
        let custom = match self.custom.as_deref().filter(|file| !file.is_empty()) {
            Some(file) => Some(parse_custom(&read(file)?)?),
            None => None,
        };
        let mut options = DebugOptions {
            image: self.image.clone(),
            container: self.container.clone(),
            target: self.target.clone(),
            profile,
            command: self.command.clone(),
            arguments_only: self.arguments_only,
            env,
            stdin: self.stdin,
            tty: self.tty,
            attach: self.attach,
            custom,
            ..DebugOptions::default()
        };
        if let Some(name) = self.copy_to.as_deref().filter(|name| !name.is_empty()) {
            options.copy = Some(self.copy(name, set_image));
        } else {
            let said = [("replace", self.replace), ("same-node", self.same_node), ("set-image", !set_image.is_empty())];
            let said = said.into_iter().filter(|(_, said)| *said);
            options.copy_flags_without_copy = said.map(|(flag, _)| flag.to_owned()).collect();
        }
        validate::before_resources(&options)?;
        if !self.names_resources {
            return Err(Refusal::new("nothing to debug is named: say POD, node/NAME or --filename FILE"));
        }
        options.pull_policy = self.pull_policy.as_deref().map_or(Ok(None), parse_pull_policy)?;
        validate::after_resources(&options)?;
        Ok(options)
    }

    fn copy(&self, name: &str, set_image: Vec<(String, String)>) -> CopyOptions {
        CopyOptions {
            replace: self.replace,
            same_node: self.same_node,
            set_image,
            share_processes: self.share_processes,
            keep_labels: self.keep_labels,
            keep_annotations: self.keep_annotations,
            keep_liveness: self.keep_liveness,
            keep_readiness: self.keep_readiness,
            keep_startup: self.keep_startup,
            keep_init_containers: self.keep_init_containers.unwrap_or(true),
            ..CopyOptions::named(name)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    /// Wrong in every way there is; each step mends what was refused.
    #[test]
    fn the_first_refusal_is_kubectls_first() {
        let mut flags = Invocation {
            env: words(&["FOO"]),
            profile: Some("nosuch".into()),
            custom: Some("gone".into()),
            attach: Some(true),
            replace: true,
            set_image: words(&["a=B B"]),
            target: Some("app".into()),
            tty: true,
            pull_policy: Some("sometimes".into()),
            ..Invocation::default()
        };
        let refused = |flags: &Invocation, text: Option<&str>| {
            let read = |file: &str| text.map(str::to_owned).ok_or_else(|| Refusal::new(format!("{file} is not there")));
            flags.options(Profile::General, read).unwrap_err().message
        };
        assert!(refused(&flags, None).contains("--env"));
        flags.env.clear();
        assert!(refused(&flags, None).contains("unknown profile"));
        flags.profile = None;
        assert!(refused(&flags, None).contains("gone is not there"));
        assert!(refused(&flags, Some("- 1")).contains("custom"));
        let text = Some("name: x");
        assert!(refused(&flags, text).contains("nothing to attach to"));
        flags.attach = None;
        assert!(refused(&flags, text).contains("--replace"));
        flags.copy_to = Some("copy".into());
        flags.command = words(&["sh"]);
        assert!(refused(&flags, text).contains("needs a place"));
        flags.image = Some("A B".into());
        assert!(refused(&flags, text).contains("valid image"));
        flags.image = Some("busybox".into());
        assert!(refused(&flags, text).contains("nothing to debug"));
        flags.names_resources = true;
        assert!(refused(&flags, text).contains("pull policy"));
        flags.pull_policy = Some("Never".into());
        assert!(refused(&flags, text).contains("--set-image"));
        flags.set_image.clear();
        assert!(refused(&flags, text).contains("--share-processes"));
        flags.target = None;
        assert!(refused(&flags, text).contains("--stdin"));
        flags.stdin = true;
        assert!(refused(&flags, text).contains("cannot set name"));
        let options = flags.options(Profile::General, |_| Ok(String::new())).unwrap();
        assert_eq!(options.profile, Profile::General);
        assert!(options.copy.is_some_and(|copy| copy.replace && copy.keep_init_containers));
    }

    #[test]
    fn without_a_copy_its_flags_are_refused_in_kubectls_order() {
        let flags = Invocation {
            names_resources: true,
            image: Some("busybox".into()),
            same_node: true,
            set_image: words(&["a=b"]),
            copy_to: Some(String::new()),
            ..Invocation::default()
        };
        let read = |_: &str| unreachable!("no file is named");
        assert!(flags.options(Profile::General, read).unwrap_err().message.contains("--same-node"));
        let kept = Invocation { same_node: false, set_image: Vec::new(), keep_labels: true, ..flags };
        assert!(kept.options(Profile::General, read).unwrap().copy.is_none(), "--keep-labels means nothing alone");
    }
}
