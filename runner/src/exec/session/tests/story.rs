//! What a test needs to tell a guest's story: cases, a session, a clock that the
//! test turns, and what the session told.

use std::os::unix::process::ExitStatusExt;

use std::process::ExitStatus;
use std::time::{Duration, Instant};

use protocol::job::VERSION;

use crate::console::{Ended, Event, How};
use crate::exec::host::HostOutput;
use crate::exec::session::{Finished, Limits, News, Over, Session};
use crate::outcome::Status;
use crate::plan::{Case, Dialect, Forward, HostStep, HostTool, Process, Work};

const LIMITS: Limits = Limits {
    boot: Duration::from_secs(60),
    grace: Duration::from_secs(15),
    power_off: Duration::from_secs(20),
};

pub fn guest_case(name: &str) -> Case {
    Case::guest(
        name,
        30,
        Process::words("true"),
        Dialect::Exit { expect: vec![] },
    )
}

pub fn host_case(name: &str) -> Case {
    Case {
        name: name.to_string(),
        timeout: Duration::from_secs(30),
        work: Work::Host {
            server: Process::words("server"),
            forwards: vec![Forward::Port],
            client: HostStep {
                tool: HostTool::Iperf3,
                args: vec![],
            },
            dialect: Dialect::Exit {
                expect: vec!["good".to_string()],
            },
        },
    }
}

pub fn edge(work: Work) -> Case {
    Case {
        name: "edge".to_string(),
        work,
        timeout: Duration::from_secs(60),
    }
}

/// A session, its clock and everything it told.
pub struct Story<'a> {
    pub session: Session<'a>,
    pub now: Instant,
    pub told: Vec<News>,
}

impl<'a> Story<'a> {
    pub fn new(cases: &'a [&'a Case]) -> Self {
        let now = Instant::now();
        Story {
            session: Session::new(cases, LIMITS, now),
            now,
            told: Vec::new(),
        }
    }

    pub fn event(&mut self, event: Event) -> &mut Self {
        self.session
            .event(event, self.now, &mut |news| self.told.push(news));
        self
    }

    pub fn hello(&mut self) -> &mut Self {
        self.event(Event::Hello(1, VERSION as usize))
    }

    pub fn begin(&mut self, case: usize) -> &mut Self {
        self.event(Event::Begin(case))
    }

    pub fn end(&mut self, case: usize, how: How) -> &mut Self {
        self.event(Event::End(case, Ended { how, millis: 5 }))
    }

    pub fn text(&mut self, line: &str) -> &mut Self {
        self.event(Event::Text(line.to_string()))
    }

    pub fn after(&mut self, seconds: u64) -> Option<Over> {
        self.now += Duration::from_secs(seconds);
        self.session
            .tick(self.now, &mut |news| self.told.push(news))
    }

    pub fn host(&mut self, code: Option<i32>, text: &str) -> &mut Self {
        let output = HostOutput {
            code,
            text: text.to_string(),
        };
        self.session
            .host_done(0, output, self.now, &mut |news| self.told.push(news));
        self
    }

    pub fn gone(&mut self, wait_status: i32, stderr: &str) -> Over {
        let status = ExitStatus::from_raw(wait_status);
        self.session
            .gone(Some(status), stderr, self.now, &mut |news| {
                self.told.push(news)
            })
    }

    /// The last verdict on each case, in order.
    pub fn verdicts(&self) -> Vec<(usize, Status)> {
        let mut verdicts = std::collections::BTreeMap::new();
        for news in &self.told {
            if let News::Finished(finished) = news {
                verdicts.insert(finished.index, finished.verdict.status);
            }
        }
        verdicts.into_iter().collect()
    }

    pub fn last(&self) -> &Finished {
        let finished = self.told.iter().rev().find_map(|news| match news {
            News::Finished(finished) => Some(finished),
            _ => None,
        });
        finished.expect("a verdict")
    }
}
