//! The kinds of views: what each reads, what its source tells it and what it shows; how one is read is the same for all.

use jiff::Timestamp;

use super::describe::Describe;
use super::events::Events;
use super::logs::{Following, LogBatch, Logs};
use super::ports::Ports;
use super::yaml::Yaml;
use crate::app::Scope;
use crate::app::forwards::Forwards;
use crate::app::reader::{Lines, Reader};
use crate::cluster::describe::Description;
use crate::cluster::events::{Event, EventScope};
use crate::cluster::{Liveness, ObjectKey, Problem};

/// What a view reads: plain data, by which it is opened and opened again.
#[derive(Debug, Clone, PartialEq)]
pub enum ViewSource {
    /// An object as the API has it.
    Yaml(ObjectKey),
    /// What is told of objects.
    Events(EventScope),
    /// An object as it is told to a person.
    Describe(ObjectKey),
    /// Logs.
    Logs(Following),
    /// The forwarded ports of this run.
    Ports,
}

/// Something that a view's source has to tell.
#[derive(Debug, Clone, PartialEq)]
pub enum ViewUpdate {
    /// How fresh it is.
    Liveness(Liveness),
    /// It cannot be read, or not for now.
    Failed(Problem),
    /// The object, or that there is none any more.
    Object(Option<Box<serde_json::Value>>),
    /// Events that are new or were counted once more, and those (by uid) that are forgotten.
    Events {
        /// In no order.
        told: Vec<Event>,
        /// By uid.
        gone: Vec<String>,
    },
    /// The object described, or that there is none any more.
    Described(Option<Box<Description>>),
    /// What came of logs.
    Logs(Box<LogBatch>),
}

/// What a view shows.
#[derive(Debug)]
pub enum Content {
    /// An object as YAML.
    Yaml(Yaml),
    /// What is told of objects.
    Events(Events),
    /// An object described.
    Describe(Describe),
    /// Logs.
    Logs(Box<Logs>),
    /// The forwarded ports of this run.
    Ports(Ports),
}

impl Content {
    pub(super) fn of(source: &ViewSource) -> Self {
        match source {
            ViewSource::Yaml(key) => Self::Yaml(Yaml::new(key.clone())),
            ViewSource::Events(scope) => Self::Events(Events::new(scope.clone())),
            ViewSource::Describe(key) => Self::Describe(Describe::new(key.clone())),
            ViewSource::Logs(following) => Self::Logs(Box::new(Logs::new(following.clone()))),
            ViewSource::Ports => Self::Ports(Ports::default()),
        }
    }

    /// Its lines.
    pub fn lines(&self) -> &dyn Lines {
        match self {
            Self::Yaml(yaml) => yaml.lines(),
            Self::Events(events) => events.lines(),
            Self::Describe(describe) => describe.lines(),
            Self::Logs(logs) => &**logs,
            Self::Ports(ports) => ports.lines(),
        }
    }

    /// Where the keys of its own kind are listened to.
    pub fn scope(&self) -> Scope {
        match self {
            Self::Yaml(_) => Scope::Yaml,
            Self::Events(_) => Scope::Events,
            Self::Describe(_) => Scope::Describe,
            Self::Logs(_) => Scope::Logs,
            Self::Ports(_) => Scope::Ports,
        }
    }

    /// What its tab says.
    pub fn title(&self) -> String {
        match self {
            Self::Yaml(yaml) => yaml.title(),
            Self::Events(events) => events.title(),
            Self::Describe(describe) => describe.title(),
            Self::Logs(logs) => logs.title(),
            Self::Ports(_) => "forwarded ports".to_owned(),
        }
    }

    /// What is to be known of it beside its name, the most important first.
    pub fn says(&self, _now: Timestamp) -> Vec<String> {
        match self {
            Self::Yaml(yaml) => yaml.says(),
            Self::Events(events) => events.says(),
            Self::Describe(describe) => describe.says(),
            Self::Logs(logs) => logs.says(),
            Self::Ports(ports) => ports.says(),
        }
    }

    /// A reader as it wants to be read.
    pub(super) fn reader(&self) -> Reader {
        match self {
            Self::Yaml(_) | Self::Ports(_) => Reader::new(false, false),
            Self::Events(_) | Self::Logs(_) => Reader::new(true, true),
            // Much of it is sentences.
            Self::Describe(_) => Reader::new(false, true),
        }
    }

    /// What it has to tell of trouble comes back.
    pub(super) fn take(&mut self, update: ViewUpdate, reader: &mut Reader) -> Option<Problem> {
        match (self, update) {
            (Self::Yaml(yaml), ViewUpdate::Object(object)) => yaml.take(object, reader),
            (Self::Logs(logs), ViewUpdate::Logs(batch)) => return logs.take(*batch, reader),
            (Self::Events(events), ViewUpdate::Events { told, gone }) => events.take(told, &gone, reader),
            (Self::Describe(describe), ViewUpdate::Described(description)) => describe.take(description, reader),
            // What every view takes, and what is meant for another kind.
            _ => {}
        }
        None
    }

    /// Brings up to date what changes without a word from its source.
    pub(super) fn settle(&mut self, now: Timestamp, forwards: &mut Forwards, reader: &mut Reader) {
        match self {
            Self::Describe(describe) => describe.settle(now, reader),
            Self::Events(events) => events.at(now),
            Self::Ports(ports) => ports.write(forwards, now, reader),
            Self::Yaml(_) | Self::Logs(_) => {}
        }
    }
}
