//! What flags and configuration decided before the console starts; it reads no file and no environment itself.

use std::path::PathBuf;

use super::toolkit::Toolkit;

/// The choices a run starts with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The image of a debugger where nothing else says one.
    pub image: String,
    /// Images for the contexts whose name matches the pattern (`*` stands for anything), first match first.
    pub images: Vec<(String, String)>,
    /// The words a debugger runs instead of its image's own; empty for the image's own.
    pub command: Vec<String>,
    /// Lines of scrollback a session keeps.
    pub scrollback: usize,
    /// Whether the mouse is listened to.
    pub mouse: bool,
    /// Who is noted as the creator of copies.
    pub creator: String,
    /// What debuggers can be started with by name.
    pub toolkits: Vec<Toolkit>,
    /// Where the images used last are kept; `None` keeps them nowhere.
    pub images_file: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            image: "busybox:stable".to_owned(),
            images: Vec::new(),
            command: Vec::new(),
            scrollback: 5_000,
            mouse: true,
            creator: String::new(),
            toolkits: Toolkit::built_in(),
            images_file: None,
        }
    }
}

impl Settings {
    /// The debugger's image in this context.
    pub fn image_for(&self, context: &str) -> &str {
        self.images
            .iter()
            .find(|(pattern, _)| context_matches(pattern, context))
            .map_or(&self.image, |(_, image)| image)
    }
}

/// Whether `text` is what `pattern` says, `*` standing for any run of characters.
pub fn context_matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, tail)) => text.strip_prefix(head).is_some_and(|rest| {
            let ends = (0..=rest.len()).filter(|end| rest.is_char_boundary(*end));
            ends.into_iter().any(|start| context_matches(tail, &rest[start..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_may_have_its_own_image() {
        let settings = Settings {
            images: vec![("prod-*".into(), "registry.example/tools:1".into()), ("*".into(), "alpine:3".into())],
            ..Settings::default()
        };
        assert_eq!(settings.image_for("prod-eu"), "registry.example/tools:1");
        assert_eq!(settings.image_for("staging"), "alpine:3");
        assert_eq!(Settings::default().image_for("staging"), "busybox:stable");
    }

    #[test]
    fn patterns() {
        assert!(context_matches("a*c*e", "abcde"));
        assert!(context_matches("*", ""));
        assert!(!context_matches("a*c", "abcd"));
        assert!(!context_matches("prod", "prod-eu"));
    }
}
