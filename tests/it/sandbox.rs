//! Containers as processes of this machine: what they see of each other, and that nothing of them is left.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that cannot go on ends, and one that is skipped says so"
)]

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::Ipv4Addr;
use std::os::fd::OwnedFd;
use std::path::Path;

use bathyscope::demo::sandbox::{
    Ended, Files, Mode, PodSpec, Process, ProcessSpec, Processes, Root, Sandbox, User, pause, strongest_mode,
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_bathy");

/// The modes with isolation that this machine allows; says so where there are none.
fn isolated_modes() -> Vec<Mode> {
    let modes: Vec<Mode> = [Mode::Root, Mode::UserNamespace]
        .into_iter()
        .filter(|mode| {
            Sandbox::start(Path::new(PROGRAM), &pod(*mode)).and_then(|pod| run(&pod, pause("probe"))).is_ok()
        })
        .collect();
    if modes.is_empty() {
        println!("skipped: {:?}", strongest_mode(Path::new(PROGRAM)).1);
    }
    modes
}

fn pod(mode: Mode) -> PodSpec {
    PodSpec { mode, hostname: "nodejsapp".to_owned(), address: Some(Ipv4Addr::new(10, 244, 0, 7)) }
}

fn node(id: &str) -> ProcessSpec {
    ProcessSpec {
        files: Files::Root(Root {
            program: Some("/usr/bin/node".to_owned()),
            directories: vec!["/app/requests".to_owned()],
            ..Root::default()
        }),
        command: vec!["/usr/bin/node".to_owned(), "/app/server.js".to_owned()],
        ..pause(id)
    }
}

fn shell(id: &str, script: &str) -> ProcessSpec {
    let path = "/usr/local/bin:/usr/bin:/bin:/run/current-system/sw/bin";
    ProcessSpec {
        files: Files::Root(Root { machine_programs: true, ..Root::default() }),
        command: vec!["sh".to_owned(), "-c".to_owned(), script.to_owned()],
        environment: BTreeMap::from([("PATH".to_owned(), path.to_owned())]),
        user: User {
            capabilities: 1 << 19, // SYS_PTRACE
            ..User::default()
        },
        ..pause(id)
    }
}

struct Piped {
    process: Process,
    output: std::io::PipeReader,
}

fn run(sandbox: &Sandbox, spec: ProcessSpec) -> anyhow::Result<Piped> {
    let (output, theirs) = std::io::pipe()?;
    let input = std::fs::File::open("/dev/null")?;
    let errors = theirs.try_clone()?;
    let streams = vec![OwnedFd::from(input), theirs.into(), errors.into()];
    let process = sandbox.run(spec, streams)?;
    Ok(Piped { process, output })
}

/// What a process writes, and how it ends.
fn finish(mut piped: Piped) -> (String, Ended) {
    let mut text = String::new();
    piped.output.read_to_string(&mut text).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let ended = runtime.block_on(async {
        let (_leash, ending) = piped.process.into_parts().unwrap();
        ending.wait().await
    });
    (text, ended)
}

/// Asks the web server, once it listens.
fn request(sandbox: &Sandbox) -> String {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    let connection = loop {
        match sandbox.dial(8000) {
            Ok(connection) => break connection,
            Err(error) => assert!(std::time::Instant::now() < deadline, "{error:#}"),
        }
    };
    let mut stream = std::os::unix::net::UnixStream::from(connection);
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    reply
}

#[test]
fn a_debugger_beside_its_target_sees_its_processes_and_files() {
    for mode in isolated_modes() {
        let sandbox = Sandbox::start(Path::new(PROGRAM), &pod(mode)).unwrap();
        let _app = run(&sandbox, node("app")).unwrap();
        assert!(request(&sandbox).starts_with("HTTP/1.1 200"));

        let mut targeted =
            shell("debugger", "tr '\\0' ' ' </proc/1/cmdline; ls /proc/1/root/app/requests; hostname; ls /app");
        targeted.processes = Processes::Of("app".to_owned());
        let (text, ended) = finish(run(&sandbox, targeted).unwrap());
        assert!(text.starts_with("/usr/bin/node /app/server.js "), "{mode:?}: {text}");
        assert!(text.contains("-0001.txt"), "{mode:?}: {text}");
        assert!(text.contains("nodejsapp\n"), "{mode:?}: {text}");
        assert_eq!(ended.code, 2, "{mode:?}: its own root has no /app: {text}");

        let (text, ended) = finish(run(&sandbox, shell("alone", "echo pid $$; ls /proc/1/root/app")).unwrap());
        assert!(text.starts_with("pid 1\n"), "{mode:?}: {text}");
        assert_eq!(ended.code, 2, "{mode:?}: {text}");
    }
}

#[test]
fn a_distroless_container_has_no_shell() {
    for mode in isolated_modes().into_iter().chain([Mode::Off]) {
        let sandbox = Sandbox::start(Path::new(PROGRAM), &pod(mode)).unwrap();
        let _app = run(&sandbox, node("app")).unwrap();
        let exec = ProcessSpec {
            processes: Processes::Of("app".to_owned()),
            files: if mode == Mode::Off { node("exec").files } else { Files::Of("app".to_owned()) },
            ..shell("exec", "")
        };
        let exec = ProcessSpec { command: vec!["ls".to_owned()], ..exec };
        let refused = run(&sandbox, exec).err().expect("there is no ls").to_string();
        assert_eq!(refused, "exec: \"ls\": executable file not found in $PATH", "{mode:?}");
    }
}

#[test]
fn a_process_ends_with_its_code_or_the_signal_that_ended_it() {
    let (mode, _) = strongest_mode(Path::new(PROGRAM));
    let sandbox = Sandbox::start(Path::new(PROGRAM), &pod(mode)).unwrap();
    let (text, ended) = finish(run(&sandbox, shell("seven", "echo out; exit 7")).unwrap());
    assert_eq!((text.as_str(), ended), ("out\n", Ended { code: 7, signal: None }));
    let (_, ended) = finish(run(&sandbox, shell("killed", "sh -c 'kill -9 $$'; exit $?")).unwrap());
    assert_eq!(ended.code, 137);
}

#[test]
fn the_users_of_a_container_are_real_and_without_capabilities() {
    if !isolated_modes().contains(&Mode::Root) {
        return println!("skipped: other users need root");
    }
    let sandbox = Sandbox::start(Path::new(PROGRAM), &pod(Mode::Root)).unwrap();
    let mut spec = shell("user", "id -u; id -g; grep CapEff /proc/self/status; touch /nope");
    spec.user = User { uid: 65532, gid: 65532, capabilities: u64::MAX, no_new_privileges: true, ..User::default() };
    let (text, _) = finish(run(&sandbox, spec).unwrap());
    assert!(text.starts_with("65532\n65532\nCapEff:\t0000000000000000\n"), "{text}");
    assert!(text.contains("Permission denied"), "{text}");
}

#[test]
fn the_machine_cannot_be_written_to() {
    for mode in isolated_modes() {
        let sandbox = Sandbox::start(Path::new(PROGRAM), &pod(mode)).unwrap();
        let script = "for f in /usr/x /bin/x /lib/x /proc/sys/kernel/x /host/tmp/x /host/etc/x /host/x /host/sys/kernel/x; do touch $f 2>/dev/null && echo wrote $f; done; ls /host/etc >/dev/null && test -d /host/sys/kernel && echo read";
        let mut spec = shell("writer", script);
        if let Files::Root(root) = &mut spec.files {
            root.mounts.push(("/".into(), "/host".to_owned()));
        }
        let (text, _) = finish(run(&sandbox, spec).unwrap());
        assert_eq!(text, "read\n", "{mode:?}");
    }
}

#[test]
fn many_may_ask_a_sandbox_at_once() {
    for mode in isolated_modes().into_iter().chain([Mode::Off]) {
        let sandbox = Sandbox::start(Path::new(PROGRAM), &pod(mode)).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        let refused = format!("{:#}", sandbox.dial(9).unwrap_err());
                        assert!(refused.to_lowercase().contains("connection refused"), "{mode:?}: {refused}");
                    }
                });
            }
        });
    }
}
