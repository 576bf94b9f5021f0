import AgentCommands
import ArgumentParser

@main
struct Main {
    static func main() async {
        await AgentCommand.main()
    }
}
