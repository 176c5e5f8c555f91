//! The images that debuggers ran with, newest first; bounded, and kept between runs by others.

use super::message::{Effect, Start};
use super::state::State;
use crate::cluster::LaunchStep;
use crate::plan::parse_image;
use crate::session::SessionId;

/// The images used last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecentImages {
    images: Vec<String>,
}

impl RecentImages {
    /// How many are kept.
    pub const KEPT: usize = 8;

    /// These, newest first, as far as they are images at all: they may come from a file that anybody has written to.
    pub fn new<'a>(images: impl IntoIterator<Item = &'a str>) -> Self {
        let mut recent = Self::default();
        for image in images {
            let known = recent.images.iter().any(|other| other == image);
            if recent.images.len() < Self::KEPT && !known && parse_image(image).is_ok() {
                recent.images.push(image.to_owned());
            }
        }
        recent
    }

    /// The images, newest first.
    pub fn as_slice(&self) -> &[String] {
        &self.images
    }

    /// Puts an image first.
    pub fn used(&mut self, image: &str) {
        *self = Self::new(std::iter::once(image).chain(self.images.iter().map(String::as_str)));
    }
}

/// Remembers the image of a debugger once it runs: one that could not be pulled is of no use a second time.
pub(super) fn noted(state: &mut State, id: SessionId, step: &LaunchStep) -> Vec<Effect> {
    if !matches!(step, LaunchStep::Running) {
        return Vec::new();
    }
    let start = state.sessions.get(id).map(|session| &session.start);
    let Some(Start::Debug { options, .. } | Start::NodeDebug { options, .. }) = start else { return Vec::new() };
    let Some(image) = options.image.clone() else { return Vec::new() };
    state.recent_images.used(&image);
    state.settings.images_file.clone().map(|file| Effect::RememberImage(file, image)).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_is_first_and_stands_once() {
        let mut recent = RecentImages::new(["busybox:stable", "\u{1b}[2J", "", "alpine:3", "alpine:3"]);
        assert_eq!(recent.as_slice(), ["busybox:stable", "alpine:3"]);
        recent.used("alpine:3");
        assert_eq!(recent.as_slice(), ["alpine:3", "busybox:stable"]);
        for number in 0..20 {
            recent.used(&format!("tools:{number}"));
        }
        assert_eq!(recent.as_slice().len(), RecentImages::KEPT);
        assert_eq!(recent.as_slice()[0], "tools:19");
    }
}
