#!/usr/bin/env node
import {Interruption} from './interruption.js';

const interruption = new Interruption(); // before what takes time to load
const {runProgram} = await import('./program.js');
await runProgram(interruption);
