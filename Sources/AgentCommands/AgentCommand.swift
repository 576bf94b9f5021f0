package import ArgumentParser

/// The version that `--version` prints and that plans are bound to.
let agentVersion = "0.1.0"

/// `agent`: the whole command line.
package struct AgentCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "agent",
        abstract: "Find, explain, close and prove closed an open mail relay on a Plesk host.",
        discussion: """
            EXAMPLES:
              agent plan       what is wrong, which line says so, what would be done
              agent apply      do it, have it probed from outside, keep it or go back
              agent rollback   take the last change set back
              agent probe      does this host relay for strangers? asked from outside
              agent explain --postfix-config DIR
                               the same from a copy of a configuration alone

            EXIT STATUS:
              0   done; the host complies
              1   failed; the host is as it was
              2   changes are needed (plan --detailed-exitcode), or it relays
              3   went back after a bad probe
              4   a person must act
              5   cannot tell
              6   the plan is stale
              10  the policy or the plan is invalid
              11  another run holds the lock, or Plesk is being upgraded
              12  the store is damaged or of a newer version
              64  usage
              77  needs root
              130 interrupted
            """,
        version: agentVersion,
        subcommands: [
            PlanCommand.self, ApplyCommand.self, ConfirmCommand.self, CancelCommand.self,
            ExtendCommand.self, RollbackCommand.self, RecoverCommand.self,
            HistoryCommand.self, ShowCommand.self, StatusCommand.self, ReportCommand.self, ProbeCommand.self,
            VantageCommand.self, ExplainCommand.self, QueueCommand.self, PolicyCommand.self,
            BackupsCommand.self,
        ])

    package init() {}
}
