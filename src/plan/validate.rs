//! The person's choices looked at on their own, in kubectl's order, before anything is fetched; it never sees a pod.

use super::{DebugOptions, Refusal, custom, parse_image};

/// Refuses choices that contradict each other or can mean nothing, the first one as kubectl would find it.
///
/// # Errors
/// A [`Refusal`] that says which choice is wrong and what would be right.
pub fn validate(options: &DebugOptions) -> Result<(), Refusal> {
    before_resources(options)?;
    after_resources(options)
}

/// What kubectl looks at before it asks which resources are meant.
pub(super) fn before_resources(options: &DebugOptions) -> Result<(), Refusal> {
    let refuse = |message: &str| Err(Refusal::new(message));
    options.custom.as_ref().map(custom::partial).transpose()?;
    let has_image = options.image().is_some();
    let has_container = options.container().is_some();

    if options.attach == Some(true) && !has_image && !has_container {
        return refuse("there is nothing to attach to: name an existing container with --container or an --image");
    }
    if let Some(copy) = &options.copy {
        if !has_image && copy.set_image.is_empty() && options.command.is_empty() {
            return refuse("a copy without a change is of no use: give it --image, --set-image or a command");
        }
        if !options.command.is_empty() && !has_container && !has_image {
            return refuse("a command needs a place: name an existing container with --container or an --image");
        }
    } else {
        if let Some(flag) = first_copy_flag(options) {
            return Err(Refusal::new(format!("--{flag} means something only with --copy-to")));
        }
        if !has_image {
            return refuse("a debugger needs an image: name one with --image");
        }
    }
    if let Some(image) = options.image() {
        parse_image(image)?;
    }
    Ok(())
}

/// What kubectl looks at once it knows which resources are meant.
pub(super) fn after_resources(options: &DebugOptions) -> Result<(), Refusal> {
    let refuse = |message: &str| Err(Refusal::new(message));
    let custom = options.custom.as_ref().map(custom::partial).transpose()?;
    for (container, image) in options.copy.iter().flat_map(|copy| &copy.set_image) {
        parse_image(image)
            .map_err(|refusal| Refusal::new(format!("--set-image of container {container:?}: {refusal}")))?;
    }
    if options.copy.is_some() && options.target().is_some() {
        return refuse(
            "--target and --copy-to exclude each other: in a copy the processes are seen with --share-processes",
        );
    }
    if options.tty && !options.stdin {
        return refuse("a terminal needs an input: --tty goes only with --stdin");
    }
    let not_modifiable = custom.as_ref().map(custom::not_modifiable).unwrap_or_default();
    if !not_modifiable.is_empty() {
        return Err(Refusal::new(format!(
            "a custom container cannot set {}: name, image and command have flags of their own, \
             lifecycle and volumeDevices cannot be changed",
            not_modifiable.join(", ")
        )));
    }
    Ok(())
}

/// The flag that needs `--copy-to` and was said without it; of several the one that kubectl names.
fn first_copy_flag(options: &DebugOptions) -> Option<&str> {
    let place = |flag: &&str| ["replace", "same-node", "set-image"].iter().position(|known| known == flag);
    let said = options.copy_flags_without_copy.iter().map(|flag| flag.trim_start_matches('-'));
    said.min_by_key(|flag| place(flag).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::plan::CopyOptions;

    fn image() -> DebugOptions {
        DebugOptions { image: Some("busybox".into()), ..DebugOptions::default() }
    }

    fn copy(copy: CopyOptions) -> DebugOptions {
        DebugOptions { copy: Some(copy), ..DebugOptions::default() }
    }

    fn set_image(image: &str) -> CopyOptions {
        CopyOptions { set_image: vec![("app".into(), image.into())], ..CopyOptions::named("c") }
    }

    #[test]
    fn each_rule_refuses_by_its_flag() {
        let words = vec!["sh".to_owned()];
        let cases = [
            (DebugOptions { attach: Some(true), ..DebugOptions::default() }, "attach"),
            (copy(CopyOptions::named("c")), "--set-image"),
            (DebugOptions { command: words.clone(), ..copy(set_image("x")) }, "command"),
            (DebugOptions { copy_flags_without_copy: vec!["same-node".into()], ..image() }, "--same-node"),
            (DebugOptions::default(), "--image"),
            (DebugOptions { image: Some(String::new()), ..DebugOptions::default() }, "--image"),
            (DebugOptions { image: Some("a b".into()), ..DebugOptions::default() }, "valid image"),
            (copy(set_image("A B")), "\"app\""),
            (DebugOptions { target: Some("app".into()), ..copy(set_image("x")) }, "--share-processes"),
            (DebugOptions { tty: true, ..image() }, "--stdin"),
            (DebugOptions { custom: Some(json!({"lifecycle": {}})), ..image() }, "lifecycle"),
        ];
        for (options, expected) in cases {
            let message = validate(&options).unwrap_err().message;
            assert!(message.contains(expected), "{expected}: {message}");
        }
    }

    #[test]
    fn the_first_rule_that_is_broken_speaks() {
        let options = DebugOptions {
            tty: true,
            image: Some("a b".into()),
            copy_flags_without_copy: vec!["set-image".into(), "--replace".into()],
            ..DebugOptions::default()
        };
        assert!(validate(&options).unwrap_err().message.contains("--replace"));
        let broken_custom = DebugOptions { custom: Some(json!([])), ..options };
        assert!(validate(&broken_custom).unwrap_err().message.contains("custom"));
    }

    #[test]
    fn what_kubectl_takes_is_taken() {
        for options in [
            image(),
            DebugOptions { stdin: true, tty: true, attach: Some(false), ..image() },
            DebugOptions { attach: Some(true), ..image() },
            DebugOptions { custom: Some(json!({"tty": true})), ..image() },
            copy(set_image("x")),
            DebugOptions { command: vec!["sh".into()], container: Some("app".into()), ..copy(CopyOptions::named("c")) },
        ] {
            assert_eq!(validate(&options), Ok(()), "{options:?}");
        }
    }
}
