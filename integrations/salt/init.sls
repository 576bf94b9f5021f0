# Holds a mail host to its policy. `unless` only looks: it changes nothing, under test=True as well.
# README.md beside this file says what the exit statuses mean.
{% set agent = salt['pillar.get']('relay_agent:binary', '/usr/bin/agent') %}
{% set policy = salt['pillar.get']('relay_agent:policy', '') %}

{% if policy %}
/etc/agent/policy.yaml:
  file.managed:
    - contents_pillar: relay_agent:policy
    - user: root
    - group: root
    - mode: '0644'
    - makedirs: True
    - check_cmd: {{ agent }} policy check
    - require_in:
      - cmd: close what relays for strangers
{% endif %}

close what relays for strangers:
  cmd.script:
    - source: salt://agent/files/apply.sh
    - args: {{ agent }}
    - unless: {{ agent }} plan --detailed-exitcode --no-color
    - stateful: True
    - timeout: 1800
