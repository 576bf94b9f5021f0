# Holds a mail host to its policy. `unless` only looks: it changes nothing, under --noop as well.
# README.md beside this file says what the exit statuses mean.
class relay_agent (
  String $policy = '',
  String $binary = '/usr/bin/agent',
) {
  # The policy, where this class has one; else the host's own, else the one that is built in.
  if $policy != '' {
    file { ['/etc/agent', '/etc/agent/policy.d']:
      ensure => directory,
      owner  => 'root',
      group  => 'root',
      mode   => '0755',
    }
    file { '/etc/agent/policy.yaml':
      ensure       => file,
      content      => $policy,
      owner        => 'root',
      group        => 'root',
      mode         => '0644',
      validate_cmd => "${binary} policy check %",
      before       => Exec['close what relays for strangers'],
    }
  }

  exec { 'close what relays for strangers':
    command   => "${binary} apply --yes --no-color",
    # 0: the host complies. 2: it does not, 5: not everything could be seen; an apply says in its own words what cannot be helped.
    unless    => "${binary} plan --detailed-exitcode --no-color",
    returns   => [0],
    logoutput => on_failure,
    timeout   => 1800,
  }
}
