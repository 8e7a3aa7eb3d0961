// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Each mistake in a rule file has its place, its words and, of several, its own error.
 */
#include <errno.h>
#include <string.h>

#include "../rule_parse.h"

static void lines_are_those_of_the_file(void **state)
{
	struct xs_ruleset set;

	(void)state;
	parse_good(&set,
		   "# one\r\nudp drop\r\n\r\nudp dport {\n1,\n2 } drop\ntcp \\\ndrop\ntcp pass");
	assert_int_equal(set.rule_cnt, 4);
	assert_int_equal(set.rules[0].line, 2);
	assert_int_equal(set.rules[1].line, 4);
	assert_int_equal(set.rules[2].line, 7);
	assert_int_equal(set.rules[3].line, 9);
	xs_ruleset_free(&set);
}

#define BASE "table inet t {\nchain c {\ntype filter hook input priority 0\n"

static const struct {
	const char *text;
	__u32 line, column;
	const char *part;
} bad[] = {
	{ "foo drop", 1, 1, "expected a match" },
	{ "  foo drop", 1, 3, "found 'foo'" },
	{ "udp dport 53", 1, 13, "the line ends here: expected another match" },
	{ "udp dport 53   # x", 1, 13, "the line ends here" },
	{ "udp dport", 1, 10, "expected a port" },
	{ "udp dport drop", 1, 11, "'drop' is not a port" },
	{ "udp dport != ", 1, 13, "expected a port" },
	{ "udp dport = 5 drop", 1, 11, "expected a port" },
	{ "udp dport ! 5 drop", 1, 11, "expected '!='" },
	{ "udp dport < drop", 1, 13, "is not a port" },
	{ "udp dport < 1-2 drop", 1, 13, "is not a port" },
	{ "udp dport < { 1 } drop", 1, 13, "one value after '<'" },
	{ "udp dport >= 65536 drop", 1, 14, "too large" },
	{ "meta fragment < later drop", 1, 15, "a kind of fragment" },
	{ "meta nfproto & 1 == 1 drop", 1, 14, "a family" },
	{ "udp dport & 1 drop", 1, 15, "'==', '!=' or a set" },
	{ "udp dport & { 1 } == 1 drop", 1, 13, "a mask" },
	{ "ip saddr & 10.0.0.1 == 10.0.0.1 drop", 1, 10, "more than 16 zeros" },
	{ "ip saddr & 255.0.0.0 == 10.0.0.0/8 drop", 1, 33, "another match" },
	{ "ip saddr & x == 1.2.3.4 drop", 1, 12, "is not an IPv4 address" },
	{ "tcp flags & syn | ack == syn drop", 1, 13, "( ... ) around" },
	{ "tcp flags & (syn | foo) == syn drop", 1, 14, "'syn|foo' is not a TCP flag" },
	{ "tcp flags & (syn | ack == syn drop", 1, 24, "'|' or ')'" },
	{ "tcp flags ! { syn } drop", 1, 13, "no set can stand here" },
	{ "tcp flags ! syn / syn,ack drop", 1, 17, "'!=' in place of '!'" },
	{ "tcp flags { syn / ack } drop", 1, 19, "has no prefixes" },
	{ "udp dport 80|443 drop", 1, 11, "is not a port" },
	{ "udp dport 08 drop", 1, 11, "'08' is not a port" },
	{ "udp counter packets 1 bytes 0 drop", 1, 21, "'packets 0'" },
	{ "udp counter packets 0 drop", 1, 23, "'bytes 0'" },
	{ "udp dport { 1; 2 } drop", 1, 14, "expected ',' or '}'" },
	{ "ether saddr 1:2:3:4:5:006 drop", 1, 13, "MAC address" },
	{ "ether saddr 1:2:3:4:5: drop", 1, 13, "MAC address" },
	{ "udp dprt 5 drop", 1, 5, "sport, dport, port" },
	{ "ip drop", 1, 4, "saddr, daddr" },
	{ "ip", 1, 3, "saddr, daddr" },
	{ "ip sadr 1.2.3.4 drop", 1, 4, "saddr, daddr" },
	{ "udp dport 65536 drop", 1, 11, "expected 0-65535" },
	{ "udp dport 99999999999999999999999999999999999999999 drop", 1, 11, "too large" },
	{ "udp dport 0x10000 drop", 1, 11, "too large" },
	{ "udp dport 0x drop", 1, 11, "is not a port" },
	{ "udp dport 5a drop", 1, 11, "is not a port" },
	{ "udp dport 1-65536 drop", 1, 13, "'65536' is too large" },
	{ "udp dport 65536-1 drop", 1, 11, "'65536' is too large" },
	{ "udp dport 1-x drop", 1, 13, "'x' is not a port" },
	{ "udp dport 2-1 drop", 1, 11, "is empty" },
	{ "udp dport 1- drop", 1, 13, "the range '1-' lacks its end: expected 0-65535" },
	{ "udp dport 1 - drop", 1, 14, "the range '1-' lacks its end" },
	{ "udp dport 1 -drop", 1, 14, "the range '1-' lacks its end" },
	{ "udp dport 1- tcp drop", 1, 13, "the range '1-' lacks its end" },
	{ "udp dport 1-", 1, 13, "the range '1-' lacks its end" },
	{ "udp dport { 1-, 2 } drop", 1, 15, "the range '1-' lacks its end" },
	{ "udp dport 1- x drop", 1, 14, "'x' is not a port" },
	{ "udp dport 1 - 70000 drop", 1, 15, "'70000' is too large" },
	{ "ip saddr 10.0.0.1- drop", 1, 19, "the range '10.0.0.1-' lacks its end" },
	{ "define A = 1-\nudp dport $A drop", 2, 11, "the range '1-' (of '$A') lacks its end" },
	{ "define A = 1\nudp dport $A- drop", 2, 11, "the range '1-' (of '$A') lacks its end" },
	{ "udp dport -1 drop", 1, 11, "'-1' is not a port" },
	{ "udp dport - 1 drop", 1, 11, "'-1' is not a port" },
	{ "udp dport -1-5 drop", 1, 11, "'-1' is not a port" },
	{ "udp dport - drop", 1, 11, "is not a port" },
	{ "udp dport { 1, 70000 } drop", 1, 16, "too large" },
	{ "udp dport { } drop", 1, 13, "at least one" },
	{ "udp dport { 1 2 } drop", 1, 15, "expected ',' or '}'" },
	{ "udp dport { 1,, 2 } drop", 1, 15, "found ','" },
	{ "udp dport { , 2 } drop", 1, 13, "found ','" },
	{ "udp dport { 1, 2", 1, 11, "not closed" },
	{ "udp dport { 1, 2\ntcp drop", 2, 1,
	  "expected ',' or '}' in the set that begins at line 1" },
	{ "udp dport 1, 2 drop", 1, 12, "{ ... }" },
	{ "udp dport 1/8 drop", 1, 13, "no prefixes" },
	{ "udp drop tcp", 1, 10, "the verdict comes last" },
	{ "udp drop drop", 1, 10, "the verdict comes last" },
	{ "name", 1, 5, "the rule's name and a ':'" },
	{ "name \"web\": drop", 1, 6, "the rule's name and a ':'" },
	{ "name web drop", 1, 6, "does not end with a ':'" },
	{ "name web :drop", 1, 6, "does not end with a ':'" },
	{ "name : drop", 1, 6, "is not the name of a rule" },
	{ "name 9: drop", 1, 6, "is not the name of a rule" },
	{ "name a.b: drop", 1, 6, "is not the name of a rule" },
	{ "name abcdefghijklmnopqrstuvwxyzabcdef: drop", 1, 6, "at most 31" },
	{ "name web:", 1, 10, "a match" },
	{ "name web: default pass", 1, 11, "a match" },
	{ "name web: name web2: drop", 1, 11, "a match" },
	{ "name web: drop\nname web: udp drop", 2, 6, "is that of test.rules:1 already" },
	{ "name web: ip saddr . tcp dport { 10.0.0.1 . 80 } drop", 1, 6, "is of one rule" },
	{ "name web: tcp dport vmap { 80 : drop }", 1, 6, "is of one rule" },
	{ "table ip t {\n chain c {\n  type filter hook ingress device e priority 0\n"
	  "  name web: drop\n }\n}",
	  4, 8, "name rules outside of tables" },
	{ "udp drop comment", 1, 17, "double quotes" },
	{ "udp drop comment x", 1, 18, "double quotes" },
	{ "udp drop comment \"x", 1, 18, "not closed" },
	{ "udp drop comment \"x\" x", 1, 22, "the end of the line" },
	{ "udp drop comment \"a\x01\"", 1, 20, "control" },
	{ "udp drop comment \"a\xff\"", 1, 20, "UTF-8" },
	{ "udp drop comment \"a\xc0\xaf\"", 1, 20, "UTF-8" },
	{ "udp ; drop", 1, 5, "the line ends here: expected another match" },
	{ "udp \xc3\xbc drop", 1, 5, "no meaning" },
	{ "udp\rdrop", 1, 4, "no meaning" },
	{ "vlan id 4096 drop", 1, 9, "0-4095" },
	{ "vlan pcp 8 drop", 1, 10, "0-7" },
	{ "ip dscp 64 drop", 1, 9, "0-63" },
	{ "ip ttl 256 drop", 1, 8, "0-255" },
	{ "ip protocol foo drop", 1, 13, "not a protocol" },
	{ "ether type 0x10000 drop", 1, 12, "0-65535" },
	{ "meta length 4294967296 drop", 1, 13, "0-4294967295" },
	{ "meta fragment 1 drop", 1, 15, "none, first or later" },
	{ "meta fragment last drop", 1, 15, "none, first or later" },
	{ "meta iifname eth0 drop", 1, 6, "rxqueue" },
	{ "ip saddr 10.0.0 drop", 1, 10, "IPv4 address" },
	{ "ip saddr 10.0.0.256 drop", 1, 10, "IPv4 address" },
	{ "ip saddr ::1 drop", 1, 10, "IPv4 address" },
	{ "ip saddr 10.0.0.1/33 drop", 1, 19, "expected 0-32" },
	{ "ip saddr 10.0.0.1/ drop", 1, 20, "expected 0-32" },
	{ "ip saddr 10.0.0.1/255.0.0.0 drop", 1, 19, "expected 0-32" },
	{ "ip saddr 10.0.0.9-10.0.0.1 drop", 1, 10, "is empty" },
	{ "ip saddr 10.0.0.1-10.0.0.999 drop", 1, 19, "'10.0.0.999' is not an IPv4 address" },
	{ "ip6 saddr 10.0.0.1 drop", 1, 11, "IPv6 address" },
	{ "ip6 saddr ::/129 drop", 1, 14, "expected 0-128" },
	{ "ip6 saddr 1:2:3 drop", 1, 11, "IPv6 address" },
	{ "ether saddr 00:11:22:33:44 drop", 1, 13, "MAC address" },
	{ "ether saddr 00:11:22:33:44:5g drop", 1, 13, "MAC address" },
	{ "tcp flags foo drop", 1, 11, "not a TCP flag" },
	{ "tcp flags syn,foo drop", 1, 15, "not a TCP flag" },
	{ "tcp flags syn, drop", 1, 16, "not a TCP flag" },
	{ "tcp flags 256 drop", 1, 11, "0-255" },
	{ "tcp flags syn / { ack } drop", 1, 17, "no set can stand here" },
	{ "tcp flags syn / drop", 1, 17, "not a TCP flag" },
	{ "icmp type foo drop", 1, 11, "ICMP type" },
	{ "icmpv6 code 256 drop", 1, 13, "0-255" },
	{ "xsk slot", 1, 9, "slot number" },
	{ "xsk slot x", 1, 10, "slot number" },
	{ "xsk slot 65536", 1, 10, "0-65535" },
	{ "xsk else", 1, 9, "pass or drop" },
	{ "xsk else tx", 1, 10, "pass or drop" },
	{ "xsk else drop slot 1", 1, 15, "the verdict comes last" },
	{ "cpu", 1, 4, "CPU number" },
	{ "cpu x", 1, 5, "CPU number" },
	{ "udp drop sample", 1, 16, "'sample 1/100' is every hundredth" },
	{ "udp drop sample 2/3", 1, 17, "'sample 1/100' is every hundredth" },
	{ "udp drop sample 1", 1, 17, "'sample 1/100' is every hundredth" },
	{ "udp drop sample 1/", 1, 19, "1-1000000000" },
	{ "udp drop sample 1/0", 1, 19, "1-1000000000" },
	{ "udp drop sample 1/1000000001", 1, 19, "1-1000000000" },
	{ "udp pass sample 1/5 limit 1/second", 1, 21, "the verdict comes last" },
	{ "default drop sample 1/5", 1, 14, "the end of the line" },
	{ "udp cpu { } by flow", 1, 11, "a set of CPUs" },
	{ "udp cpu { 1", 1, 9, "the set is not closed" },
	{ "udp cpu { 1, 2 }", 1, 17, "'by' and flow, ip saddr" },
	{ "udp cpu { 1, 2 } by", 1, 20, "flow, ip saddr, ip daddr" },
	{ "udp cpu { 1, 2 } by ports", 1, 21, "flow, ip saddr, ip daddr" },
	{ "udp cpu { 1, 2 } by ip", 1, 23, "saddr or daddr" },
	{ "udp cpu { 1, x } by flow", 1, 14, "" },
	{ "udp cpu { 0-248 } by flow", 1, 11, "more than 248 members" },
	{ "default cpu { 1, 2 } by flow", 1, 1, "a last rule without matches" },
	{ "udp xsk slot { 1, 2 } by flow", 1, 14, "chain NAME" },
	{ "dev", 1, 4, "interface name" },
	{ "dev " NAME_OF_127 "x", 1, 5, "1-127 bytes" },
	{ "dev ..", 1, 5, "1-127 bytes" },
	{ "dev \"a/b\"", 1, 5, "1-127 bytes" },
	{ "dev \"\"", 1, 5, "1-127 bytes" },
	{ "chain", 1, 6, "the name of a chain" },
	{ "chain 1a", 1, 7, "a letter, then" },
	{ "chain a.b", 1, 7, "a letter, then" },
	{ "chain abcdefghijklmnopqrstuvwxyz123456", 1, 7, "at most 31" },
	{ "chain web else tx", 1, 16, "pass or drop" },
	{ "default", 1, 8, "a verdict" },
	{ "default foo", 1, 9, "a verdict" },
	{ "default pass comment \"x\"", 1, 14, "the end of the line" },
	{ "default pass\ndefault pass", 2, 1, "test.rules:1" },
	{ "malformed", 1, 10, "pass or drop" },
	{ "malformed tx", 1, 11, "pass or drop" },
	{ "malformed pass\n\nmalformed drop", 3, 1, "test.rules:1" },
	{ "define", 1, 7, "a name" },
	{ "define 1 = 2", 1, 8, "a name" },
	{ "define A- = 2", 1, 8, "a name" },
	{ "define A", 1, 9, "'='" },
	{ "define A 5", 1, 10, "'='" },
	{ "define A =", 1, 11, "a value" },
	{ "define A = 5 6", 1, 14, "the end of the line" },
	{ "define A = 5\ndefine A = 6", 2, 8, "test.rules:1" },
	{ "define A = $A", 1, 12, "not defined" },
	{ "udp dport $A drop", 1, 11, "'$A' is not defined" },
	{ "udp dport $ drop", 1, 11, "a name after '$'" },
	{ "define A = 1.2.3.4\nudp dport $A drop", 2, 11, "'1.2.3.4' (of '$A') is not a port" },
	{ "define A = { 1, x }\nudp dport { 5, $A } drop", 2, 16, "'x' (of '$A')" },
	{ "define A = { 1 }\ncpu $A", 2, 5, "not a single value" },
	{ "define A = 10.0.0.0/8\nip saddr 1.1.1.1 - $A drop", 2, 20, "not a single value" },
	{ "define A = 1,2\nudp dport $A drop", 2, 11, "{ ... }" },
	{ "$A", 1, 1, "a match" },
	{ "include", 1, 8, "a file name" },
	{ "include x", 1, 9, "a file name" },
	{ "include \"\"", 1, 9, "a file name" },
	{ "include \"x\"", 1, 9, "cannot read 'x'" },
	{ "include \"x\" y", 1, 13, "the end of the line" },
	{ "ip saddr @bad drop", 1, 10,
	  "'set bad { type ip; }' on an earlier line, or define and $bad" },
	{ "udp jump web", 1, 5, "within table ... { } alone" },
	{ "udp return", 1, 5, "within table ... { } alone" },
	{ "tcp dport 22 limit rate 1/second drop", 1, 14, "it stands behind the verdict" },
	{ "tcp dport 22 reject", 1, 14, "nothing is answered here" },
	{ "tcp dport 22 log prefix \"x\" drop", 1, 14, "nothing is logged" },
	{ "udp masquerade", 1, 5, "nothing is rewritten" },
	{ "udp dnat to 192.0.2.1", 1, 5, "nothing is rewritten" },
	{ "fib saddr type local drop", 1, 1, "no route is known" },
	{ "socket transparent 1 drop", 1, 1, "no local socket is known" },
	{ "udp notrack", 1, 5, "not tracked" },
	{ "iif eth0 drop", 1, 1, "belong to one interface" },
	{ "meta iifname eth0 drop", 1, 6, "belong to one interface" },
	{ "meta oifname eth0 drop", 1, 6, "where a frame leaves" },
	{ "meta mark 1 drop", 1, 6, "a frame has no mark yet" },
	{ "meta skuid 0 drop", 1, 6, "no local socket" },
	{ "meta hour 8 drop", 1, 6, "rules know no time" },
	{ "meta random 1 drop", 1, 6, "at random" },
	{ "tcp option mss 536 drop", 1, 5, "options in headers" },
	{ "tcp dport 22 tcp option sack exists drop", 1, 18, "options in headers" },
	{ "ip option lsrr exists drop", 1, 4, "options in headers" },
	{ "@blocked drop", 1, 1, "behind the field" },
	{ "table ip t {\nset b { type ipv4_addr; elements = { 1.2.3.4 }; }\nchain c {\n"
	  "type filter hook input priority 0\n@b drop\n}\n}",
	  5, 1, "behind the field" },
	{ "define B = 22\n$B drop", 2, 1, "behind the field" },
	{ "@th,16,16 22 drop", 1, 1, "names of their fields" },
	{ "udp dport 53 @th,64,8 1 drop", 1, 14, "names of their fields" },
	{ "fib daddr type local drop", 1, 1, "no route" },
	{ "frag more-fragments 1 drop", 1, 1, "meta fragment" },
	{ "exthdr hbh exists drop", 1, 1, "passed over" },
	{ "esp spi 1 drop", 1, 1, "meta l4proto esp" },
	{ "vxlan drop", 1, 7, "expected vni after 'vxlan'" },
	{ "vxlan vni 0x1000000 drop", 1, 11, "expected 0-16777215" },
	{ "geneve vni drop", 1, 12, "a number" },
	{ "gre drop", 1, 5, "expected key after 'gre'; a protocol of its own is meta l4proto gre" },
	{ "gretap vni 1 drop", 1, 1, "inside a tunnel" },
	{ "ip6 flowlabel 0x100000 drop", 1, 15, "expected 0-1048575" },
	{ "vlan inner drop", 1, 12, "expected id or pcp after 'vlan inner'" },
	{ "vlan inner", 1, 11, "expected id or pcp after 'vlan inner'" },
	{ "vlan inner dei 1 drop", 1, 12, "expected id or pcp after 'vlan inner'" },
	{ "vlan inner id 4096 drop", 1, 15, "expected 0-4095" },
	{ "arp daddr ether 1 drop", 1, 11, "expected ip after 'arp daddr'" },
	{ "arp saddr ip ::1 drop", 1, 14, "an IPv4 address" },
	{ "flow add @f", 1, 1, "flow tables" },
	{ "udp flow offload @f", 1, 5, "flow tables" },
	{ "update @s { ip saddr }", 1, 1, "frames change no set" },
	{ "delete rule ip t c", 1, 1, "all rules that there are" },
	{ "numgen inc mod 2 vmap { 0 : drop }", 1, 1, "at random or by a hash" },
	{ "port 22 drop", 1, 1, "behind tcp, udp or th" },
	{ "dport 22 drop", 1, 1, "behind tcp, udp or th" },
	{ "saddr 1.2.3.4 drop", 1, 1, "behind ip or ip6" },
	{ "host 1.2.3.4 drop", 1, 1, "ip saddr or ip daddr" },
	{ "tcp dst port 22 drop", 1, 5, "it is called dport" },
	{ "ip src 1.2.3.4 drop", 1, 4, "it is called ip saddr" },
	{ "tcp iifname eth0 drop", 1, 5, "belong to one interface" },
	{ "-A INPUT -j DROP", 1, 1, "not iptables' options" },
	{ "policy drop", 1, 1, "it is called default" },
	{ "ip frag-off 65536 drop", 1, 13, "too large" },
	{ "arp saddr drop", 1, 11, "expected ip after 'arp saddr'" },
	{ "arp src drop", 1, 5, "another match" },
	{ "vlan dei 2 drop", 1, 10, "expected 0-1" },
	{ "ip ecn 4 drop", 1, 8, "0-3 or a name such as not-ect" },
	{ "meta pkttype host drop", 1, 6, "rxqueue" },
	{ "ip version 5 drop", 1, 4, "saddr, daddr" },
	{ "table inet t {\nchain c {\ntype filter hook input priority 0\n}\n", 1, 1, "not closed" },
	{ "table arp t { }", 1, 7, "netdev, inet, ip or ip6" },
	{ "table t { }", 1, 7, "netdev, inet, ip or ip6" },
	{ "table inet { }", 1, 12, "the table's name" },
	{ "table inet t {\nudp drop\n}", 2, 1, "chain, set or '}'" },
	{ "table inet t {\nchain c {\nudp drop\n}\n}", 2, 7, "no frame meets the rules of 'c'" },
	{ "table inet t {\nchain c {\ntype nat hook input priority 0\n}\n}", 3, 6, "'filter'" },
	{ "table inet t {\nchain c {\ntype filter hook forward priority 0\n}\n}", 3, 18,
	  "ingress" },
	{ "table inet t {\nchain c {\ntype filter hook input priority 0\npolicy foo\n}\n}", 4, 8,
	  "accept or drop" },
	{ BASE "jump d\n}\n}", 4, 6, "no chain 'd' is in this table" },
	{ BASE "jump\n}\n}", 4, 5, "the name of a chain after 'jump'" },
	{ BASE "goto c\n}\n}", 4, 6, "'c' is a base chain" },
	{ BASE "jump d drop\n}\n}", 4, 8, "the verdict comes last" },
	{ BASE "udp dport vmap { 1 : jump e }\n}\n}", 4, 27, "no chain 'e'" },
	{ BASE "jump d\n}\nchain d {\ngoto d\n}\n}", 7, 6, "'d' leads back to itself" },
	{ BASE "jump d\n}\nchain d {\ntcp jump e\n}\nchain e {\njump d\n}\n}", 10, 6,
	  "'d' leads back to itself" },
	{ BASE "}\nchain c {\n}\n}", 5, 7, "another name" },
	{ BASE "}\n}\ntable ip u {\nchain d {\nudp drop\n}\n}", 7, 7, "no frame meets" },
	{ "table ip t { chain a { type filter hook input priority 0\n}\nchain b {\ntype filter "
	  "hook "
	  "input priority 1\n}\n}",
	  4, 1, "second base chain" },
	{ "flush table x", 1, 7, "'ruleset'" },
	{ "udp dport @none drop", 1, 11, "cannot be asked of a dynamic set" },
	{ "tcp . udp drop", 1, 5, "or a verdict" },
	{ "ip ttl . udp { 1 . 2 } drop", 1, 10, "a protocol alone has no value" },
	{ "ip ttl . { 1 . 2 } drop", 1, 10, "a field after '.'" },
	{ "ip ttl . tcp dport { 1 } drop", 1, 24, "'.' and a value of 'tcp dport'" },
	{ "ip ttl . tcp dport { 1 . 2 . 3 } drop", 1, 28, "',' or '}'" },
	{ "ip ttl . tcp dport { 1 . 70000 } drop", 1, 26, "too large for 'tcp dport'" },
	{ "ip ttl . tcp dport { } drop", 1, 22, "a number" },
	{ "ip ttl . tcp dport != { 1 } drop", 1, 27, "'.' and a value of 'tcp dport'" },
	{ "ip ttl . tcp dport != { 1 . 2 . 3 } drop", 1, 31, "',' or '}'" },
	{ "ip ttl . tcp dport != { 1 . 70000 } drop", 1, 29, "too large for 'tcp dport'" },
	{ "ip ttl . tcp dport != { } drop", 1, 25, "a number" },
	{ "ip ttl . tcp dport != drop", 1, 27, "'.' and a value of 'tcp dport'" },
	{ "ip ttl . tcp dport != vmap { 1 . 2 : drop }", 1, 28, "'.' and a value of" },
	{ "ip ttl . tcp dport vmap != { 1 . 2 : drop }", 1, 25, "'{' and elements" },
	{ "ip ttl . tcp dport != { 1 . 2 : drop }", 1, 31, "',' or '}'" },
	{ "ip ttl . tcp dport != { *, 1 . 2 } drop", 1, 26, "'.' and a value of" },
	{ "define F = syn,ack\nip ttl . tcp flags != 1 . $F drop", 2, 27,
	  "several values of 'tcp flags' are a set" },
	{ "ip ttl . tcp dport { 1 . 2 } udp dport vmap { 1 : drop }", 1, 40, "one at most" },
	{ "ip ttl . ip ttl . ip ttl . ip ttl . ip ttl . ip ttl 1 . 1 . 1 . 1 . 1 . 1 drop", 1, 46,
	  "at most 5 fields" },
	{ "udp dport vmap { 1 : drop, 2 } ", 1, 30, "':' and a verdict" },
	{ "udp dport vmap { :* : drop }", 1, 18, "':*' is not a port" },
	{ "udp dport vmap { 1 : jump x }", 1, 22, "a verdict" },
	{ "udp dport vmap { 1 : drop } drop", 1, 29, "the verdict comes last" },
	{ "udp dport vmap { * : drop, * : accept }", 1, 39, "'*' once" },
	{ "udp dport vmap 1 : drop", 1, 16, "'{' and elements" },
	{ "meta fragment vmap { * : drop }", 1, 22, "names only" },
	{ "UDP drop", 1, 1, "; it is called udp" },
	{ "Ip6 saddr ::1 drop", 1, 1, "; it is called ip6" },
	{ "udp DROP", 1, 5, "; it is called drop" },
	{ "DROP", 1, 1, "; it is called drop" },
	{ "udp ACCEPT", 1, 5, "; it is called pass" },
	{ "udp Xsk", 1, 5, "; it is called xsk" },
	{ "udp DPORT 5 drop", 1, 5, "; it is called dport" },
	{ "tcp dport 5 Flags syn drop", 1, 13, "or a verdict" },
	{ "udp REJECT", 1, 5, "; nothing is answered here" },
	{ "Default drop", 1, 1, "; it is called default" },
	{ "udp FROP", 1, 5, "or chain" },
	{ "ct mark 1 drop", 1, 4, "expected state after 'ct'" },
	{ "ct state invalid drop", 1, 10, "behind XDP" },
	{ "ct state { new, untracked } drop", 1, 17, "behind XDP" },
	{ "ct state 1 drop", 1, 10, "not a state of connections" },
	{ "ct state != new,related drop", 1, 16, "are a set" },
	{ "icmp ct state new,file drop", 1, 19, "not a state" },
	{ "udp drop\n\tudp foo drop\nudp drop", 2, 6, "found 'foo'" },
};

static void errors_point_at_the_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < CNT(bad); i++)
		assert_error(bad[i].text, bad[i].line, bad[i].column, bad[i].part);
}

static void a_joined_last_line_needs_no_newline(void **state)
{
	static const char *const joined[] = {
		"udp drop \\",	 "udp drop \\\n",   "udp drop\\",   "udp drop\\\r\n",
		"udp drop \\\r", "udp \\\ndrop \\", "udp drop\n\\", "udp drop\n\\\n",
	};

	(void)state;
	for (size_t i = 0; i < CNT(joined); i++) {
		struct xs_ruleset set;

		parse_good(&set, joined[i]);
		assert_int_equal(set.rule_cnt, 1);
		assert_string_equal(set.rules[0].text, "udp drop");
		xs_ruleset_free(&set);
	}
	assert_error("udp \\", 2, 1, "the line ends here");
	assert_error("udp \\\n", 2, 1, "the line ends here");
	assert_error("udp \\ drop", 1, 5, "no meaning");
	assert_error("udp \\ ", 1, 5, "no meaning");
	assert_error("udp \\ \n", 1, 5, "no meaning");
}

static void nul_byte_is_an_error(void **state)
{
	static const char text[] = "udp drop\ntc\0p drop\n";
	struct xs_rule_errors errs;
	struct xs_ruleset set;

	(void)state;
	assert_int_equal(parse_with(&set, text, sizeof(text) - 1, NULL, &errs), -EINVAL);
	assert_int_equal(errs.cnt, 1);
	assert_int_equal(errs.errors[0].line, 2);
	assert_int_equal(errs.errors[0].column, 3);
	assert_non_null(strstr(errs.errors[0].message, "NUL"));
	assert_string_equal(errs.errors[0].source, "tc?p drop");
	assert_int_equal(errs.errors[0].caret, 2);
	xs_rule_errors_free(&errs);
}

static void all_errors_are_told_in_one_run(void **state)
{
	const char *text = "udp foo drop\n"
			   "udp drop\n"
			   "tcp dport { 1 2,\n" /* the rest of the set is skipped */
			   "  3, 4 } drop\n"
			   "ip bar drop\n"
			   "tcp dport { 1, 2\n"
			   "udp dport 70000 drop\n"
			   "default nothing";
	static const __u32 lines[] = { 1, 3, 5, 7, 7, 8 };
	struct xs_rule_errors errs;
	struct xs_ruleset set;

	(void)state;
	assert_int_equal(parse_with(&set, text, strlen(text), NULL, &errs), -EINVAL);
	assert_int_equal(errs.cnt, CNT(lines));
	for (size_t i = 0; i < CNT(lines); i++)
		assert_int_equal(errs.errors[i].line, lines[i]);
	assert_false(errs.more);
	xs_rule_errors_free(&errs);
}

static void errors_end_at_a_limit(void **state)
{
	enum { LINES = XS_RULE_ERROR_MAX + 1 };
	char text[2 * LINES + 1];
	struct xs_rule_errors errs;
	struct xs_ruleset set;

	(void)state;
	for (int i = 0; i < LINES; i++)
		memcpy(text + 2 * i, "x\n", 2);
	assert_int_equal(parse_with(&set, text, 2 * LINES, NULL, &errs), -EINVAL);
	assert_int_equal(errs.cnt, XS_RULE_ERROR_MAX);
	assert_true(errs.more);
	xs_rule_errors_free(&errs);
	assert_int_equal(parse_with(&set, text, 2 * XS_RULE_ERROR_MAX, NULL, &errs), -EINVAL);
	assert_int_equal(errs.cnt, XS_RULE_ERROR_MAX);
	assert_false(errs.more);
	xs_rule_errors_free(&errs);
}

static void excerpt_of_a_long_line_holds_the_place(void **state)
{
	struct xs_rule_errors errs;
	struct xs_ruleset set;
	char text[2001];

	(void)state;
	memset(text, ' ', 2000);
	memcpy(text + 1000, "b\xc3\xbc\x1b", 4);
	text[2000] = '\0';
	assert_int_equal(parse_with(&set, text, 2000, NULL, &errs), -EINVAL);
	assert_int_equal(errs.errors[0].column, 1001);
	assert_true(strlen(errs.errors[0].source) <= 160);
	assert_memory_equal(errs.errors[0].source + errs.errors[0].caret, "b\xc3\xbc?", 4);
	xs_rule_errors_free(&errs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_those_of_the_file),
		cmocka_unit_test(errors_point_at_the_place),
		cmocka_unit_test(a_joined_last_line_needs_no_newline),
		cmocka_unit_test(nul_byte_is_an_error),
		cmocka_unit_test(all_errors_are_told_in_one_run),
		cmocka_unit_test(errors_end_at_a_limit),
		cmocka_unit_test(excerpt_of_a_long_line_holds_the_place),
	};

	return cmocka_run_group_tests_name("rule_mistakes", tests, NULL, NULL);
}
